package conformance_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/conformance"
	"github.com/godwit-ws/godwit/frame"
)

// tampered is a connection to a right server whose output is made wrong on its way,
// frame by frame: change returns what the peer gets in a frame's place.
type tampered struct {
	net.Conn
	change func(h frame.Header, whole []byte) []byte
	atEnd  func(*tampered) error // in place of io.EOF

	mu      sync.Mutex
	opened  bool // the opening handshake is through
	in, out []byte
}

func (c *tampered) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out) == 0 {
		buf := make([]byte, 4096)
		n, err := c.Conn.Read(buf)
		c.in = append(c.in, buf[:n]...)
		c.move()
		if err == io.EOF && c.atEnd != nil {
			err = c.atEnd(c)
		}
		if err != nil && len(c.out) == 0 {
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// move passes on what is whole.
func (c *tampered) move() {
	if end := bytes.Index(c.in, []byte("\r\n\r\n")); !c.opened && end >= 0 {
		c.opened = true
		c.out, c.in = append(c.out, c.in[:end+4]...), c.in[end+4:]
	}
	for c.opened {
		h, n, err := frame.ParseHeader(c.in)
		if err != nil || len(c.in) < n+int(h.Length) {
			return
		}
		whole := c.in[:n+int(h.Length)]
		c.in = c.in[len(whole):]
		c.out = append(c.out, c.change(h, whole)...)
	}
}

func (c *tampered) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// on changes frames of one opcode only.
func on(op frame.Opcode, change func(whole []byte) []byte) func(frame.Header, []byte) []byte {
	return func(h frame.Header, whole []byte) []byte {
		if h.Opcode != op {
			return whole
		}
		return change(bytes.Clone(whole))
	}
}

func replaced(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }

func untouched(_ frame.Header, whole []byte) []byte { return whole }

// A suite is worth what it finds: each of these faults must fail its case.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id string
		change   func(frame.Header, []byte) []byte
		atEnd    func(*tampered) error
		want     string
	}{
		{"nothing", "1.1.2", untouched, nil, ""},
		{"echo-altered", "1.1.2", on(frame.Text, func(b []byte) []byte { b[2] ^= 1; return b }), nil, "want text"},
		{"echo-of-other-type", "1.1.2", on(frame.Text, func(b []byte) []byte { b[0]++; return b }), nil, "got binary"},
		{"echo-lost", "X2.3", on(frame.Text, replaced("")), nil, "got pong"},
		{"echo-twice", "1.1.2", on(frame.Text, func(b []byte) []byte { return append(b, b...) }), nil, "want Close"},
		{"pong-altered", "2.2", on(frame.Pong, func(b []byte) []byte { b[2]++; return b }), nil, "want pong"},
		{"pong-missing", "X2.3", firstOnly(frame.Pong), nil, "got text"},
		{"ping-in-place-of-pong", "2.1", on(frame.Pong, replaced("\x89\x00")), nil, "got ping"},
		{"no-close", "3.1", on(frame.Close, replaced("")), nil, "want Close"},
		{"wrong-code", "3.1", on(frame.Close, replaced("\x88\x02\x03\xe8")), nil, "got 1000"},
		{"no-code", "6.3.1", on(frame.Close, replaced("\x88\x00")), nil, "got 1005"},
		{"other-code-echoed", "7.7.5", on(frame.Close, replaced("\x88\x02\x03\xe8")), nil, "got 1000"},
		{"code-in-answer-to-empty", "7.3.1", on(frame.Close, replaced("\x88\x02\x03\xe8")), nil, "got 1000"},
		{"violation-before-answers", "X7.11", on(frame.Text, replaced("")), nil, "got close"},
		{"pong-after-close", "7.1.3", on(frame.Close, func(b []byte) []byte { return append(b, 0x8a, 0x00) }), nil, "want the end"},
		{"second-close", "7.1.2", on(frame.Close, func(b []byte) []byte { return append(b, b...) }), nil, "want the end"},
		{"half-a-frame-after-close", "7.1.1", on(frame.Close, func(b []byte) []byte { return append(b, 0x81) }), nil, "want the end"},
		{"stays-open", "7.1.1", untouched, stillOpen, "still open"},
		{"reset", "7.1.1", untouched, func(*tampered) error { return net.ErrClosed }, "orderly"},
	}
	addr := acceptServer(t, plain, echoLoop)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := named(t, tt.id).Server(t.Context(), func(ctx context.Context) (net.Conn, error) {
				nc, err := conformance.TCP(addr.String())(ctx)
				return &tampered{Conn: nc, change: tt.change, atEnd: tt.atEnd}, err
			})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("%s: %v", tt.id, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%s: error %v, want one with %q", tt.id, err, tt.want)
			}
		})
	}
}

// firstOnly drops all frames of an opcode but the first.
func firstOnly(op frame.Opcode) func(frame.Header, []byte) []byte {
	seen := false
	return on(op, func(b []byte) []byte {
		if seen {
			return nil
		}
		seen = true
		return b
	})
}

// stillOpen is what a read on a connection returns that hasn't ended by the
// deadline, without the wait.
func stillOpen(*tampered) error { return os.ErrDeadlineExceeded }

// named returns the case with the ID.
func named(t *testing.T, id string) conformance.Case {
	t.Helper()
	c, ok := caseByID()[id]
	if !ok {
		t.Fatalf("no case %s", id)
	}
	return c
}

var caseByID = sync.OnceValue(func() map[string]conformance.Case {
	byID := map[string]conformance.Case{}
	for _, c := range conformance.Cases(everything()) {
		byID[c.ID] = c
	}
	return byID
})

// An endpoint that answers nothing until a message or frame is whole is found out
// where failing fast is due.
func TestSlowToFailIsFound(t *testing.T) {
	t.Parallel()
	addr := acceptServer(t, plain, echoLoop)
	for _, id := range []string{"6.4.1", "6.4.2", "6.4.3", "6.4.4", "X6.8.1", "X2.1", "X4.3", "X5.6"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			err := named(t, id).Server(t.Context(), func(ctx context.Context) (net.Conn, error) {
				nc, err := conformance.TCP(addr.String())(ctx)
				silent := func(frame.Header, []byte) []byte { return nil }
				return &tampered{Conn: nc, change: silent, atEnd: stillOpen}, err
			})
			if err == nil || !strings.Contains(err.Error(), "want Close") {
				t.Errorf("%s against a server that stays silent: %v, want a missing Close", id, err)
			}
		})
	}
}

// A client's faults: it never comes, doesn't leave, or reports an error of its own.
func TestClientFaultsAreFound(t *testing.T) {
	t.Parallel()
	c := named(t, "1.1.2")
	echo := dialer(plain, echoLoop)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	tests := []struct {
		name    string
		connect func(context.Context, string) error
		want    string
	}{
		{"never-comes", func(context.Context, string) error { return io.ErrNoProgress }, "never connected"},
		{"stays", func(ctx context.Context, url string) error { err := echo(ctx, url); <-release; return err }, "held on"},
		{"reports", func(ctx context.Context, url string) error { echo(ctx, url); return io.ErrNoProgress }, io.ErrNoProgress.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := c.Client(t.Context(), tt.connect)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
