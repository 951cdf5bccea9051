package conn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// resting waits until the goroutine of a connection that Serve drives has made way for
// one that rests.
func resting(t testing.TB, c *conn.Conn) {
	t.Helper()
	within(t, "the rest", func() {
		for !c.Resting() && c.Err() == nil {
			time.Sleep(100 * time.Microsecond)
		}
	})
}

// served returns a connection whose server echoes, driven by Serve. Its
// OnClose sends to ends.
func served(t testing.TB, over transport, cfg conn.Config) (s, c *conn.Conn, cut func(), ends chan struct{}) {
	t.Helper()
	ends = make(chan struct{}, 2)
	r := &recorder{message: func(c *conn.Conn, p []byte) error { return c.Write(context.Background(), conn.Text, p) }}
	r.close = func() { ends <- struct{}{} }
	s, c, cut = over(t, cfg, conn.Config{Compression: cfg.Compression})
	opened := make(chan struct{})
	r.open = func(*conn.Conn) error { close(opened); return nil }
	go s.Serve(r)
	<-opened
	return s, c, cut, ends
}

// wantRested checks how a connection of served has ended, and that OnClose was called
// once.
func wantRested(t *testing.T, s *conn.Conn, ends chan struct{}, code frame.Code, remote bool, cause error) {
	t.Helper()
	within(t, "OnClose", func() { <-ends })
	wantEnd(t, s.Err(), code, remote, cause)
	if len(ends) > 0 {
		t.Error("OnClose was called again")
	}
}

// TestServe has a connection rest again and again, and end while it rests.
func TestServe(t *testing.T) {
	background := context.Background()
	tests := []struct {
		name   string
		cfg    conn.Config
		end    func(s, c *conn.Conn, cut func())
		code   frame.Code
		remote bool
		cause  error
	}{
		{"the peer closes", conn.Config{}, func(_, c *conn.Conn, _ func()) { c.Close(background, 4000, "") }, 4000, true, nil},
		{"we close", conn.Config{}, func(s, c *conn.Conn, _ func()) { s.Close(background, 4001, ""); c.Read(background) }, 4001, false, nil},
		{"the peer is lost", conn.Config{}, func(_, c *conn.Conn, _ func()) { c.Abort() }, frame.CodeAbnormal, false, nil},
		{"we abort", conn.Config{}, func(s, _ *conn.Conn, _ func()) { s.Abort() }, frame.CodeAbnormal, false, conn.ErrAborted},
		{"our socket is closed", conn.Config{}, func(_, _ *conn.Conn, cut func()) { cut() }, frame.CodeAbnormal, false, nil},
		{"nothing comes", conn.Config{ReadTimeout: 50 * time.Millisecond}, func(_, c *conn.Conn, _ func()) { c.Read(background) }, frame.CodeGoingAway, false, conn.ErrReadTimeout},
		{"no pong", conn.Config{PingInterval: 10 * time.Millisecond, PongTimeout: 10 * time.Millisecond}, func(s, _ *conn.Conn, _ func()) {}, frame.CodeAbnormal, false, conn.ErrPongTimeout},
	}
	for transportName, open := range map[string]transport{"tcp": overTCP, "unix": overUnix, "tls": overTLS, "tls for loops": overTLSToLoop} {
		for _, tt := range tests {
			t.Run(transportName+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				s, c, cut, ends := served(t, open, tt.cfg)
				defer c.Abort()
				if err := s.Serve(&recorder{}); !errors.Is(err, conn.ErrTaken) {
					t.Errorf("a second Serve: %v", err)
				}
				resting(t, s)
				tt.end(s, c, cut)
				wantRested(t, s, ends, tt.code, tt.remote, tt.cause)
			})
		}
	}
}

// TestServeEchoes sends messages, whole and in pieces, between which the connection
// rests, with and without a history of compression.
func TestServeEchoes(t *testing.T) {
	for transportName, open := range map[string]transport{"tcp": overTCP, "unix": overUnix, "tls": overTLS, "tls for loops": overTLSToLoop} {
		for name, compression := range map[string]bool{"plain": false, "compressed": true} {
			t.Run(transportName+"/"+name, func(t *testing.T) {
				t.Parallel()
				s, c, _, ends := served(t, open, conn.Config{Compression: conn.Compression{Enabled: compression}})
				ctx := context.Background()
				for i := range 10 {
					resting(t, s)
					want := strings.Repeat("godwit ", 100+1000*i)
					if err := sendInPieces(c, want, func() { resting(t, s) }); err != nil {
						t.Fatal(err)
					}
					if _, got, err := c.Read(ctx); err != nil || string(got) != want {
						t.Fatalf("%d bytes, %v, want the %d sent", len(got), err, len(want))
					}
				}
				c.Close(ctx, frame.CodeNormal, "")
				wantRested(t, s, ends, frame.CodeNormal, true, nil)
			})
		}
	}
}

// sendInPieces sends a text in three fragments, with a rest between them.
func sendInPieces(c *conn.Conn, text string, rest func()) error {
	w, err := c.Writer(context.Background(), conn.Text)
	if err != nil {
		return err
	}
	for piece := range strings.SplitSeq(text[:len(text)/3]+"\n"+text[len(text)/3:], "\n") {
		if _, err := io.WriteString(w, piece); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		rest()
	}
	return w.Close()
}
