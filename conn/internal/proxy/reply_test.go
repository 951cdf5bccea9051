package proxy_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// goodReplies are replies with the status they end in and the bytes after them.
var goodReplies = []struct {
	name, in string
	status   int
	rest     string
}{
	{"ok", "HTTP/1.1 200 OK\r\n\r\n", 200, ""},
	{"http-1-0", "HTTP/1.0 200 Connection established\r\n\r\n", 200, ""},
	{"empty-reason", "HTTP/1.1 200 \r\n\r\n", 200, ""},
	{"no-reason", "HTTP/1.1 200\r\n\r\n", 200, ""},
	{"reason-with-tab-and-latin-1", "HTTP/1.1 200 d\xe9j\xe0\tvu\r\n\r\n", 200, ""},
	{"fields", "HTTP/1.1 204 x\r\nA: b\r\nC-d:\r\nE:  f\t \r\n\r\n", 204, ""},
	{"every-token-character", "HTTP/1.1 200 x\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n", 200, ""},
	{"rest", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello"},
	{"rest-looks-like-header", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 x\r\n\r\n", 200, "HTTP/1.1 500 x\r\n\r\n"},
	{"content-length-means-nothing", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", 200, "hello"},
	{"informational", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\nHTTP/1.1 299 y\r\n\r\nz", 299, "z"},
	{"switching-is-final", "HTTP/1.1 101 x\r\n\r\nHTTP/1.1 200 y\r\n\r\n", 101, "HTTP/1.1 200 y\r\n\r\n"},
	{"refusal", "HTTP/1.1 407 x\r\n\r\nbody", 407, "body"},
	{"highest", "HTTP/1.9 999 x\r\n\r\n", 999, ""},
}

// badReplies are replies that are given up; at is the number of bytes after which they must be.
var badReplies = []struct {
	name, in string
	at       int
}{
	{"ssh", "SSH-2.0-x", 1},
	{"http-2", "HTTP/2 200\r\n\r\n", 6},
	{"lower-case", "http/1.1 200 OK\r\n\r\n", 1},
	{"empty-line-first", "\r\nHTTP/1.1 200 OK\r\n\r\n", 1},
	{"tls-alert", "\x15\x03\x01\x00\x02\x02\x46", 1},
	{"socks", "\x05\x00", 1},
	{"no-minor", "HTTP/1. 200 OK\r\n\r\n", 16},
	{"two-spaces", "HTTP/1.1  200 OK\r\n\r\n", 18},
	{"tab", "HTTP/1.1\t200 OK\r\n\r\n", 17},
	{"short-status", "HTTP/1.1 20\r\n\r\n", 13},
	{"long-status", "HTTP/1.1 2000 OK\r\n\r\n", 18},
	{"status-zero", "HTTP/1.1 099 OK\r\n\r\n", 17},
	{"signed-status", "HTTP/1.1 +20 OK\r\n\r\n", 17},
	{"negative-status", "HTTP/1.1 -20 OK\r\n\r\n", 17},
	{"letters", "HTTP/1.1 2oo OK\r\n\r\n", 17},
	{"control-in-reason", "HTTP/1.1 200 \x1b[2J\r\n\r\n", 19},
	{"nul-in-reason", "HTTP/1.1 200 \x00\r\n\r\n", 16},
	{"cr-in-reason", "HTTP/1.1 200 a\rb\r\n\r\n", 18},
	{"bare-lf", "HTTP/1.1 200 OK\n\n", 16},
	{"bare-lf-after-field", "HTTP/1.1 200 OK\r\nA: b\n\r\n", 22},
	{"bare-lf-at-end", "HTTP/1.1 200 OK\r\nA: b\r\n\n", 24},
	{"folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 27},
	{"space-before-colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 24},
	{"no-colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n", 22},
	{"no-name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", 22},
	{"name-not-ascii", "HTTP/1.1 200 OK\r\n\xc3\xa9: b\r\n\r\n", 24},
	{"nul-in-value", "HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n", 23},
	{"del-in-value", "HTTP/1.1 200 OK\r\nA: \x7f\r\n\r\n", 23},
	{"bad-after-informational", "HTTP/1.1 100 x\r\n\r\nnope", 19},
}

func TestParseReply(t *testing.T) {
	for _, tt := range goodReplies {
		t.Run(tt.name, func(t *testing.T) {
			for step := range len(tt.in) {
				status, header, _, done, err := proxy.ParseReply([]byte(tt.in), step+1)
				if err != nil || !done || status != tt.status || tt.in[header:] != tt.rest {
					t.Fatalf("in pieces of %d: status %d, header %d, done %t, %v; want status %d, rest %q",
						step+1, status, header, done, err, tt.status, tt.rest)
				}
			}
			for n := range len(tt.in) - len(tt.rest) {
				if _, _, _, done, err := proxy.ParseReply([]byte(tt.in[:n]), 1); done || err != nil {
					t.Fatalf("prefix of %d bytes: done %t, %v; want neither", n, done, err)
				}
			}
		})
	}
}

func TestParseReplyGivesUpEarly(t *testing.T) {
	for _, tt := range badReplies {
		t.Run(tt.name, func(t *testing.T) {
			_, _, given, done, err := proxy.ParseReply([]byte(tt.in), 1)
			if done || !errors.Is(err, proxy.ErrReply) || given != tt.at {
				t.Errorf("ParseReply(%q) done %t after %d bytes, err %v; want ErrReply after %d", tt.in, done, given, err, tt.at)
			}
			if _, _, _, done, err := proxy.ParseReply([]byte(tt.in), len(tt.in)); done || !errors.Is(err, proxy.ErrReply) {
				t.Errorf("ParseReply(%q) at once: done %t, err %v; want ErrReply", tt.in, done, err)
			}
		})
	}
}

func TestReadReply(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"whole":         func(r io.Reader) io.Reader { return r },
		"byte-by-byte":  iotest.OneByteReader,
		"data-with-eof": iotest.DataErrReader,
	}
	for name, wrap := range readers {
		t.Run(name, func(t *testing.T) {
			for _, tt := range goodReplies {
				src := strings.NewReader(tt.in)
				status, rest, err := proxy.ReadReply(wrap(src))
				unread, _ := io.ReadAll(src)
				if got := string(rest) + string(unread); err != nil || status != tt.status || got != tt.rest {
					t.Errorf("ReadReply(%q) = %d, rest %q, %v; want %d, rest %q", tt.in, status, got, err, tt.status, tt.rest)
				}
			}
		})
	}
}

func TestReadReplyCutShort(t *testing.T) {
	const reply = "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n"
	for n := range len(reply) {
		if _, _, err := proxy.ReadReply(strings.NewReader(reply[:n])); err != io.ErrUnexpectedEOF {
			t.Errorf("ReadReply(%q): %v, want io.ErrUnexpectedEOF", reply[:n], err)
		}
	}
	broken := errors.New("broken")
	if _, _, err := proxy.ReadReply(iotest.ErrReader(broken)); err != broken {
		t.Errorf("ReadReply of a broken connection: %v, want its error", err)
	}
}

// TestReadReplyLimit: the limit is exact, counts informational replies, and holds whether the header
// is one line or many.
func TestReadReplyLimit(t *testing.T) {
	pad := func(head, unit, tail string) string {
		n := proxy.MaxReplyHeader - len(head) - len(tail)
		fill := strings.Repeat(unit, n/len(unit))
		return head + fill + tail[:len(tail)-4] + strings.Repeat("x", n-len(fill)) + "\r\n\r\n"
	}
	tests := []struct{ name, longest string }{
		{"one-long-field", pad("HTTP/1.1 200 OK\r\nA: ", "a", "\r\n\r\n")},
		{"long-reason", pad("HTTP/1.1 200 ", "a", "\r\n\r\n")},
		{"many-fields", pad("HTTP/1.1 200 OK\r\n", "A: b\r\n", "Z: \r\n\r\n")},
		{"many-informational", pad("", "HTTP/1.1 100 x\r\n\r\n", "HTTP/1.1 200 OK\r\nZ: \r\n\r\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.longest) != proxy.MaxReplyHeader {
				t.Fatalf("the test's header is %d bytes long, want %d", len(tt.longest), proxy.MaxReplyHeader)
			}
			status, _, err := proxy.ReadReply(iotest.OneByteReader(strings.NewReader(tt.longest)))
			if status != 200 || err != nil {
				t.Errorf("header of the greatest length: %d, %v; want 200", status, err)
			}
			longer := strings.Replace(tt.longest, "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OKx\r\n", 1)
			if longer == tt.longest {
				longer = strings.Replace(tt.longest, "a", "aa", 1)
			}
			if _, _, err := proxy.ReadReply(strings.NewReader(longer)); !errors.Is(err, proxy.ErrReply) {
				t.Errorf("a byte more: %v, want ErrReply", err)
			}
		})
	}
	t.Run("endless", func(t *testing.T) {
		src := &endless{}
		if _, _, err := proxy.ReadReply(io.MultiReader(strings.NewReader("HTTP/1.1 200 "), src)); !errors.Is(err, proxy.ErrReply) {
			t.Errorf("endless reason: %v, want ErrReply", err)
		}
		if src.n > proxy.MaxReplyHeader {
			t.Errorf("read %d bytes, want at most %d", src.n, proxy.MaxReplyHeader)
		}
	})
}

// TestParseReplyIsLinear: no byte is searched twice, so a proxy that dribbles costs what one that
// doesn't costs.
func TestParseReplyIsLinear(t *testing.T) {
	for _, reply := range []string{
		"HTTP/1.1 200 " + strings.Repeat("a", 10_000),
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 2_000),
	} {
		if got := proxy.Searched([]byte(reply), 1); got != len(reply) {
			t.Errorf("%d bytes one by one cost a search of %d", len(reply), got)
		}
	}
}

// endless yields the letter a for ever and counts.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	e.n += len(p)
	return len(p), nil
}

// FuzzParseReply holds the parser to one answer however the reply is cut, and to its promises.
func FuzzParseReply(f *testing.F) {
	for _, tt := range goodReplies {
		f.Add([]byte(tt.in), 3)
	}
	for _, tt := range badReplies {
		f.Add([]byte(tt.in), 5)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		step = 1 + int(uint(step)%64)
		status, header, _, done, err := proxy.ParseReply(in, len(in)+1)
		status2, header2, _, done2, err2 := proxy.ParseReply(in, step)
		if done != done2 || (err == nil) != (err2 == nil) {
			t.Fatalf("whole: done %t, %v; in pieces of %d: done %t, %v", done, err, step, done2, err2)
		}
		if !done {
			return
		}
		if status != status2 || header != header2 {
			t.Fatalf("whole: %d, header %d; in pieces of %d: %d, header %d", status, header, step, status2, header2)
		}
		if status < 101 || status > 999 || status > 101 && status < 200 {
			t.Fatalf("status %d", status)
		}
		if !bytes.HasSuffix(in[:header], []byte("\r\n\r\n")) || bytes.ContainsAny(in[:header], "\x00\x1b") {
			t.Fatalf("header %q", in[:header])
		}
	})
}
