package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/godwit-ws/godwit/conn"
)

func TestDisplay(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    conn.Message
		want string
	}{
		{"text", conn.Message{Opcode: conn.Text, Data: []byte("hello")}, "hello"},
		{"text-empty", conn.Message{Opcode: conn.Text}, ""},
		{"binary", conn.Message{Opcode: conn.Binary, Data: []byte("hello\n")}, "binary, 6 bytes: 68 65 6c 6c 6f 0a"},
		{"binary-empty", conn.Message{Opcode: conn.Binary}, "binary, 0 bytes:"},
		{"binary-whole", conn.Message{Opcode: conn.Binary, Data: make([]byte, 32)}, "binary, 32 bytes:" + strings.Repeat(" 00", 32)},
		{"binary-cut", conn.Message{Opcode: conn.Binary, Data: make([]byte, 33)}, "binary, 33 bytes:" + strings.Repeat(" 00", 32) + " …"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := display(tt.m); got != tt.want {
				t.Errorf("display = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", `{"a": "b\n"}`, `{"a": "b\n"}`},
		{"lines", "one\ntwo\r\n", `one\ntwo\r\n`},
		{"tab", "a\tb", "a\tb"},
		{"escape", "\x1b]0;title\a", `\x1b]0;title\a`},
		{"nul-and-delete", "\x00\x7f", `\x00\x7f`},
		{"c1", "\u009b31m", `\u009b31m`},
		{"backspace", "rm\b\bls", `rm\b\bls`},
		{"line-separators", "a\u2028b\u2029c", `a\u2028b\u2029c`},
		{"direction", "a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`},
		{"other-scripts", "你好, żółć, 👩‍🚀", "你好, żółć, 👩‍🚀"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := escape(tt.in); got != tt.want {
				t.Errorf("escape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestEscapeEverything shows each character that there is, and looks for one that
// a terminal would obey.
func TestEscapeEverything(t *testing.T) {
	var all bytes.Buffer
	for r := range rune(unicode.MaxRune + 1) {
		all.WriteRune(r)
	}
	for _, r := range escape(all.String()) {
		if r != '\t' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%U is not escaped", r)
		}
	}
}
