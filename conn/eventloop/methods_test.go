package eventloop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// sends are all ways of sending a text.
var sends = []struct {
	name string
	send func(ctx context.Context, c *conn.Conn, text string) error
}{
	{"Write", func(ctx context.Context, c *conn.Conn, text string) error {
		return c.Write(ctx, conn.Text, []byte(text))
	}},
	{"WriteText", func(ctx context.Context, c *conn.Conn, text string) error { return c.WriteText(ctx, text) }},
	{"WriteJSON", func(ctx context.Context, c *conn.Conn, text string) error {
		return c.WriteJSON(ctx, json.RawMessage(text))
	}},
	{"WriteAll", func(ctx context.Context, c *conn.Conn, text string) error {
		_, err := c.WriteAll(ctx, conn.Text, [][]byte{[]byte(text)})
		return err
	}},
	{"WritePrepared", func(ctx context.Context, c *conn.Conn, text string) error {
		m, err := conn.NewPrepared(conn.Text, []byte(text))
		if err != nil {
			return err
		}
		return c.WritePrepared(ctx, m)
	}},
	{"Post", func(_ context.Context, c *conn.Conn, text string) error {
		m, err := conn.NewPrepared(conn.Text, []byte(text))
		if err != nil {
			return err
		}
		_, err = c.Post(m, conn.Posting{})
		return err
	}},
	{"Writer", func(ctx context.Context, c *conn.Conn, text string) error {
		w, err := c.Writer(ctx, conn.Text)
		if err != nil {
			return err
		}
		w.Write([]byte(text[:1]))
		w.Flush()
		w.Write([]byte(text[1:]))
		return w.Close()
	}},
}

// TestSends sends in every way, from a hook and from elsewhere, compressed and not.
// Nothing else is configured.
func TestSends(t *testing.T) {
	for _, cfg := range []conn.Config{{}, {Compression: conn.Compression{Enabled: true, Threshold: -1}}} {
		t.Run(fmt.Sprintf("compression=%v", cfg.Compression.Enabled), func(t *testing.T) {
			bothModes(t, func(t *testing.T, r *rig) { sendAll(t, r, cfg) })
		})
	}
}

func sendAll(t *testing.T, r *rig, cfg conn.Config) {
	r.serve(cfg, func() conn.Hooks {
		return &hooks{message: func(c *conn.Conn, _ conn.Opcode, p []byte) error {
			for _, way := range sends {
				if string(p) == way.name {
					return way.send(context.Background(), c, `"`+way.name+` in a hook"`)
				}
			}
			return errHook
		}}
	})
	c := r.dial(cfg)
	s := next(t, r.conns, "connection")
	for _, way := range sends {
		write(t, c, way.name)
		read(t, c, `"`+way.name+` in a hook"`)
		if err := way.send(t.Context(), s, `"`+way.name+`"`); err != nil {
			t.Errorf("%s: %v", way.name, err)
		}
		read(t, c, `"`+way.name+`"`)
	}
	if err := errors.Join(s.Flush(t.Context()), s.WaitWritten(t.Context())); err != nil {
		t.Error(err)
	}
	if messages, bytes := s.Queued(); messages != 0 || bytes != 0 {
		t.Errorf("%d messages, %d bytes are queued", messages, bytes)
	}
	if s.Compressed() != cfg.Compression.Enabled {
		t.Errorf("Compressed: %v", s.Compressed())
	}
}

// A peer that doesn't read leaves messages queued, whatever sends them; they come in
// order once it does.
func TestSendsQueued(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{MaxQueued: -1}, echo)
		c := r.dial(conn.Config{MaxMessageSize: -1})
		s := next(t, r.conns, "connection")
		big := bytes.Repeat([]byte{'x'}, 8<<20)
		sent := make(chan error, 1)
		go func() { sent <- s.Write(context.Background(), conn.Binary, big) }()
		for messages := 0; messages == 0; {
			m, err := conn.NewPrepared(conn.Text, []byte("posted"))
			if err != nil {
				t.Fatal(err)
			}
			if dropped, err := s.Post(m, conn.Posting{MaxMessages: 10}); dropped != 0 || err != nil {
				t.Fatalf("Post: %d dropped, %v", dropped, err)
			}
			if messages, _ = s.Queued(); messages == 0 {
				read(t, c, "posted") // it came before the big one
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.WaitWritten(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("WaitWritten: %v", err)
		}
		if _, p, err := c.Read(t.Context()); len(p) != len(big) || err != nil {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
		read(t, c, "posted")
		if err := errors.Join(next(t, sent, "end of sending"), s.WaitWritten(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// What loops read can't be read by others.
func TestReadsAreTaken(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, echo)
		r.dial(conn.Config{})
		s := next(t, r.conns, "connection")
		got := make(map[string]error)
		_, _, got["Read"] = s.Read(t.Context())
		_, _, got["ReadInto"] = s.ReadInto(t.Context(), nil)
		_, _, got["Reader"] = s.Reader(t.Context())
		got["ReadJSON"] = s.ReadJSON(t.Context(), new(any))
		for _, got["Messages"] = range s.Messages(t.Context()) {
		}
		got["Run"] = s.Run(new(hooks))
		for name, err := range got {
			if !errors.Is(err, conn.ErrTaken) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A context that a connection was read under may end while a loop takes the
// connection over.
func TestContextEndsBesideAttach(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		h := httptest.NewServer(conn.Handler(func(c *conn.Conn) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if _, _, err := c.Read(ctx); err != nil {
				return err
			}
			cancel()
			if err := r.engine.Attach(c, echo()); err != nil {
				return err
			}
			<-c.Context().Done()
			return nil
		}))
		defer h.Close()
		for range 200 {
			c, err := conn.Dial(t.Context(), "ws"+strings.TrimPrefix(h.URL, "http"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, c, "for the handler")
			write(t, c, "for the loop")
			read(t, c, "for the loop")
			c.Abort()
		}
	})
}
