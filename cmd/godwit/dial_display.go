package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/godwit-ws/godwit/conn"
)

// maxHex is how many bytes of a binary message are shown.
const maxHex = 32

// display shows a message in one line, with nothing in it that a terminal would
// obey.
func display(m conn.Message) string {
	if m.Opcode == conn.Text {
		return escape(string(m.Data))
	}
	shown, more := m.Data, ""
	if len(shown) > maxHex {
		shown, more = shown[:maxHex], " …"
	}
	return strings.TrimSpace(fmt.Sprintf("binary, %d bytes: % x%s", len(m.Data), shown, more))
}

// escape writes control characters, line separators and what turns the direction
// of writing as Go's escape sequences. All else, backslashes too, stays as it is:
// it is for eyes, not for parsers.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			b.WriteRune(r)
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', unicode.Is(unicode.Bidi_Control, r):
			quoted := fmt.Sprintf("%+q", r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
