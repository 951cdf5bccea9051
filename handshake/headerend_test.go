package handshake_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/handshake"
)

func TestHeaderEnd(t *testing.T) {
	const block = "GET / HTTP/1.1\r\nHost: a\r\n\r\n" // 27 bytes
	tests := []struct {
		name string
		in   string
		max  int
		n    int
		err  error
	}{
		{"nothing-yet", "", 100, 0, nil},
		{"whole", block, 100, len(block), nil},
		{"followed-by-a-frame", block + "\x81\x00", 100, len(block), nil},
		{"followed-by-another-block", block + block, 100, len(block), nil},
		{"no-limit", block, -1, len(block), nil},
		{"exactly-max", block, len(block), len(block), nil},
		{"exactly-max-and-a-frame", block + "\x81\x00\n", len(block), len(block), nil},
		{"one-past-max", block, len(block) - 1, 0, handshake.ErrHeaderTooLarge},
		{"still-possible-at-max-less-one", block[:20], 21, 0, nil},
		{"impossible-at-max", block[:20], 20, 0, handshake.ErrHeaderTooLarge},
		{"bare-lf-end-beyond-max", block[:20] + "\n", 20, 0, handshake.ErrHeaderTooLarge},
		{"cut-in-end", block[:len(block)-1], 100, 0, nil},
		{"no-fields", "GET / HTTP/1.1\r\n\r\n", 100, 18, nil},
		{"lf-only", "GET / HTTP/1.1\nHost: a\n\n", 100, 0, handshake.ErrSyntax},
		{"lf-first", "\nGET", 100, 0, handshake.ErrSyntax},
		{"lf-ends-the-empty-line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 100, 0, handshake.ErrSyntax},
		{"lf-in-a-value", "GET / HTTP/1.1\r\nHost: a\nb\r\n\r\n", 100, 0, handshake.ErrSyntax},
		{"crlf-first", "\r\nGET / HTTP/1.1\r\n\r\n", 100, 0, handshake.ErrSyntax},
		{"tls-record", "\x16\x03\x01\x02\x00", 100, 0, handshake.ErrSyntax},
		{"space-first", " GET / HTTP/1.1\r\n\r\n", 100, 0, handshake.ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := handshake.HeaderEnd([]byte(tt.in), 0, tt.max)
			if n != tt.n || !errors.Is(err, tt.err) {
				t.Fatalf("HeaderEnd(%q, 0, %d) = %d, %v; want %d, %v", tt.in, tt.max, n, err, tt.n, tt.err)
			}
			n, err = byteByByte(tt.in, tt.max)
			if n != tt.n || !errors.Is(err, tt.err) {
				t.Errorf("byte by byte %q, %d: %d, %v; want %d, %v", tt.in, tt.max, n, err, tt.n, tt.err)
			}
		})
	}
}

// byteByByte feeds HeaderEnd one byte more at each call, until it is content.
func byteByByte(in string, max int) (n int, err error) {
	for i := range len(in) {
		if n, err = handshake.HeaderEnd([]byte(in[:i+1]), i, max); n > 0 || err != nil {
			break
		}
	}
	return n, err
}

func TestHeaderEndEveryCut(t *testing.T) {
	const block = "GET /x HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"
	in := []byte(block + "\x81\x80\r\n\r\n")
	for i := range in {
		for j := i; j <= len(in); j++ {
			n, err := handshake.HeaderEnd(in[:i], 0, 100)
			if err == nil && n == 0 {
				n, err = handshake.HeaderEnd(in[:j], i, 100)
			}
			if err == nil && n == 0 {
				n, err = handshake.HeaderEnd(in, j, 100)
			}
			if n != len(block) || err != nil {
				t.Fatalf("cut at %d and %d: %d, %v; want %d", i, j, n, err, len(block))
			}
		}
	}
}

// A header that is scanned from its start at every read costs a quadratic time. What was scanned
// before is not looked at again: here it would not pass.
func TestHeaderEndDoesNotRescan(t *testing.T) {
	b := bytes.Repeat([]byte("\n"), 100)
	b = append(b, "a: b\r\n\r\n"...)
	n, err := handshake.HeaderEnd(b, 100, -1)
	if n != len(b) || err != nil {
		t.Errorf("HeaderEnd = %d, %v; want %d", n, err, len(b))
	}
}

// A header of a megabyte that comes byte by byte must not take minutes.
func TestHeaderEndLongDribble(t *testing.T) {
	b := []byte("GET / HTTP/1.1\r\n" + strings.Repeat("a: b\r\n", 1<<20/6))
	for i := range b {
		if n, err := handshake.HeaderEnd(b[:i+1], i, -1); n != 0 || err != nil {
			t.Fatalf("at %d: %d, %v", i, n, err)
		}
	}
}
