package handshake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

func TestResponseParse(t *testing.T) {
	tests := []struct {
		name   string
		line   string
		status int
		reason string
		ok     bool
	}{
		{"accepted", "HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols", true},
		{"other-reason", "HTTP/1.1 101 Web Socket Protocol Handshake", 101, "Web Socket Protocol Handshake", true},
		{"empty-reason", "HTTP/1.1 404 ", 404, "", true},
		{"no-reason", "HTTP/1.1 404", 404, "", true},
		{"http-1.0", "HTTP/1.0 400 Bad Request", 400, "Bad Request", true},
		{"raw-bytes-in-reason", "HTTP/1.1 404 \xe4\xb8\xad", 404, "\xe4\xb8\xad", true},
		{"unknown-class", "HTTP/1.1 999 x", 999, "x", true},
		{"empty", "", 0, "", false},
		{"proto-only", "HTTP/1.1", 0, "", false},
		{"http-2", "HTTP/2 101 x", 0, "", false},
		{"two-spaces", "HTTP/1.1  101 x", 0, "", false},
		{"two-digits", "HTTP/1.1 10 x", 0, "", false},
		{"four-digits", "HTTP/1.1 1010 x", 0, "", false},
		{"signed", "HTTP/1.1 +10 x", 0, "", false},
		{"below-100", "HTTP/1.1 099 x", 0, "", false},
		{"letters", "HTTP/1.1 1O1 x", 0, "", false},
		{"nul-in-reason", "HTTP/1.1 101 \x00", 0, "", false},
		{"cr-in-reason", "HTTP/1.1 101 a\rb", 0, "", false},
		{"a-request", "GET / HTTP/1.1", 0, "", false},
		{"an-ssh-server", "SSH-2.0-OpenSSH_9.2", 0, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r handshake.Response
			err := r.Parse(tt.line + "\r\nA: b\r\n\r\n")
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, handshake.ErrSyntax) {
				t.Fatalf("Parse(%q) = %v, want ok %v", tt.line, err, tt.ok)
			}
			want := handshake.Response{}
			if tt.ok {
				want = handshake.Response{Proto: tt.line[:8], Status: tt.status, Reason: tt.reason,
					Fields: []handshake.Field{{Name: "A", Value: "b"}}}
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.line, diff)
			}
		})
	}
}

func TestResponseParseFields(t *testing.T) {
	for _, tt := range fieldLines {
		t.Run(tt.name, func(t *testing.T) {
			var r handshake.Response
			err := r.Parse("HTTP/1.1 101 x\r\n" + tt.line + "\r\nLast: 1\r\n\r\n")
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, handshake.ErrSyntax) {
				t.Fatalf("Parse of %q = %v, want ok %v", tt.line, err, tt.ok)
			}
			if err != nil && (r.Status != 0 || len(r.Fields) != 0) {
				t.Errorf("after an error the response is %+v, want empty", r)
			}
		})
	}
}

func TestResponseParsePrefixes(t *testing.T) {
	const block = "HTTP/1.1 101 x\r\nA: b\r\nC: d\r\n\r\n"
	var r handshake.Response
	for i := range len(block) {
		if err := r.Parse(block[:i]); !errors.Is(err, handshake.ErrSyntax) {
			t.Errorf("Parse of the first %d bytes = %v, want ErrSyntax", i, err)
		}
	}
}

func TestResponseFields(t *testing.T) {
	var r handshake.Response
	if err := r.Parse("HTTP/1.1 302 Found\r\nLocation: /a\r\nset-cookie: a\r\nSet-Cookie: b\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := r.Get("location"); got != "/a" {
		t.Errorf("Get = %q", got)
	}
	if diff := cmp.Diff([]string{"a", "b"}, slices.Collect(r.Values("Set-Cookie"))); diff != "" {
		t.Errorf("Values (-want +got):\n%s", diff)
	}
}

func TestResponseParseTooManyFields(t *testing.T) {
	var r handshake.Response
	err := r.Parse("HTTP/1.1 101 x\r\n" + strings.Repeat("a:\r\n", 129) + "\r\n")
	if !errors.Is(err, handshake.ErrHeaderTooLarge) {
		t.Errorf("129 fields: %v, want ErrHeaderTooLarge", err)
	}
}
