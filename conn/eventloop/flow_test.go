package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/frame"
)

// A client that sends and doesn't read is not read from any more, once its answers
// pile up; and all of them come when it reads.
func TestBackPressure(t *testing.T) {
	bothModesAtOnce(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, echo)
		nc := r.raw()
		const size, count = 64 << 10, 1000 // more than sockets take, many times MaxQueued
		message := frame.AppendHeader(nil, frame.Header{Fin: true, Masked: true, Opcode: frame.Binary, Length: size})
		message = append(message, bytes.Repeat([]byte{'x'}, size)...)
		sent := make(chan error, 1)
		go func() {
			for range count {
				if _, err := nc.Write(message); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		s := next(t, r.conns, "connection")
		select {
		case err := <-sent:
			t.Fatalf("all was taken, %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, nc, count*(size+10)); err != nil {
			t.Error(err)
		}
		if err := next(t, sent, "end of sending"); err != nil {
			t.Error(err)
		}
	})
}

// Past MaxQueued a send to a slow client fails at once where hooks are inline, and
// its connection is closed with 1013; elsewhere it waits.
func TestMaxQueued(t *testing.T) {
	send := func(s *conn.Conn) error {
		p := strings.Repeat("x", 64<<10)
		for range 1000 {
			if err := s.WriteText(context.Background(), p); err != nil {
				return err
			}
		}
		return nil
	}
	t.Run("inline", func(t *testing.T) {
		r := newRig(t, eventloop.Config{Loops: 1, Inline: true})
		ends := make(chan *conn.CloseError, 100)
		r.serve(conn.Config{MaxQueued: 1 << 20, CloseTimeout: 100 * time.Millisecond}, ending(ends, hooks{}))
		r.raw()
		if err := send(next(t, r.conns, "connection")); !errors.Is(err, conn.ErrQueueFull) {
			t.Errorf("Write: %v", err)
		}
		if e := next(t, ends, "end"); e.Code != conn.CodeTryAgainLater || !errors.Is(e.Err, conn.ErrQueueFull) {
			t.Errorf("ended with %+v", e)
		}
	})
	t.Run("pooled", func(t *testing.T) {
		r := newRig(t, eventloop.Config{Loops: 1})
		r.serve(conn.Config{MaxQueued: 1 << 20}, echo)
		nc := r.raw()
		sent := make(chan error, 1)
		s := next(t, r.conns, "connection")
		go func() { sent <- send(s) }()
		select {
		case err := <-sent:
			t.Fatalf("all was taken, %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		go io.Copy(io.Discard, nc)
		if err := next(t, sent, "end of sending"); err != nil {
			t.Error(err)
		}
	})
	t.Run("pooled-timeout", func(t *testing.T) {
		r := newRig(t, eventloop.Config{Loops: 1})
		r.serve(conn.Config{MaxQueued: 1 << 20, WriteTimeout: 300 * time.Millisecond}, echo)
		r.raw()
		if err := send(next(t, r.conns, "connection")); err == nil {
			t.Error("all was taken")
		}
	})
}

// One that sends without pause doesn't starve the others of its loop.
func TestFairness(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r = newRig(t, eventloop.Config{Loops: 1, Inline: r.inline})
		r.serve(conn.Config{}, func() conn.Hooks {
			return &hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
				if op == conn.Binary {
					return nil
				}
				return c.Write(context.Background(), op, p)
			}}
		})
		flood := r.raw()
		message := frame.AppendHeader(nil, frame.Header{Fin: true, Masked: true, Opcode: frame.Binary, Length: 100})
		messages := bytes.Repeat(append(message, make([]byte, 100)...), 1000)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, err := flood.Write(messages); err != nil {
					return
				}
			}
		}()
		c := r.dial(conn.Config{})
		for range 100 {
			write(t, c, "hello")
			read(t, c, "hello")
		}
		flood.Close()
		next(t, done, "end of the flood")
	})
}

// Hooks that wait hold up their own connections only.
func TestPooledHooksMayWait(t *testing.T) {
	r := newRig(t, eventloop.Config{Loops: 1})
	leave := make(chan struct{})
	r.serve(conn.Config{}, func() conn.Hooks {
		return &hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
			if string(p) == "wait" {
				c.WriteText(context.Background(), "waiting") // leaves although the hook goes on
				<-leave
			}
			return c.Write(context.Background(), op, p)
		}}
	})
	var waiting []*conn.Conn
	for range 200 {
		c := r.dial(conn.Config{})
		write(t, c, "wait")
		write(t, c, "after")
		read(t, c, "waiting")
		waiting = append(waiting, c)
	}
	c := r.dial(conn.Config{})
	for range 100 {
		write(t, c, "hello")
		read(t, c, "hello")
	}
	close(leave)
	for _, c := range waiting {
		read(t, c, "wait")
		read(t, c, "after")
	}
}

// What a hook has sent leaves although it goes on, also after other hooks of its
// connection took their time: the watch looks after each anew.
func TestPooledHooksOneAfterTheOther(t *testing.T) {
	r := newRig(t, eventloop.Config{Loops: 1})
	leave := make(chan struct{})
	r.serve(conn.Config{}, func() conn.Hooks {
		return &hooks{
			open: func(*conn.Conn) error { <-leave; return nil },
			message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
				c.Write(context.Background(), op, p)
				<-leave
				return nil
			},
		}
	})
	c := r.dial(conn.Config{})
	write(t, c, "one")
	time.Sleep(20 * time.Millisecond) // OnOpen is one that took its time
	leave <- struct{}{}
	read(t, c, "one")
	write(t, c, "two")
	leave <- struct{}{}
	read(t, c, "two")
	leave <- struct{}{}
}

// A hook that waits on a loop is told of; what it has sent leaves meanwhile.
func TestSlowHook(t *testing.T) {
	var log lockedBuffer
	r := newRig(t, eventloop.Config{Loops: 1, Inline: true, SlowHook: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	leave := make(chan struct{})
	r.serve(conn.Config{}, func() conn.Hooks {
		return &hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
			c.Write(context.Background(), op, p)
			<-leave
			return nil
		}}
	})
	c := r.dial(conn.Config{})
	write(t, c, "hello")
	read(t, c, "hello")
	log.await(t, "holds up an event loop")
	if s := log.String(); !strings.Contains(s, "*eventloop_test.hooks") {
		t.Errorf("the log doesn't name the hooks: %s", s)
	}
	close(leave)
}

// Where nothing may wait, a message written in pieces leaves in one.
func TestWriter(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{}, func() conn.Hooks {
			return &hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
				w, err := c.Writer(context.Background(), op)
				if err != nil {
					return err
				}
				for len(p) > 0 {
					n := min(len(p), 10_000)
					if _, err := w.Write(p[:n]); err != nil {
						return err
					}
					if err := w.Flush(); err != nil {
						return err
					}
					p = p[n:]
				}
				return w.Close()
			}}
		})
		c := r.dial(conn.Config{})
		for _, n := range []int{0, 1, 100_000} {
			p := strings.Repeat("x", n)
			write(t, c, p)
			read(t, c, p)
		}
	})
}

// Any goroutine may send at any time; messages keep the order of each.
func TestSendersEverywhere(t *testing.T) {
	bothModes(t, func(t *testing.T, r *rig) {
		r.serve(conn.Config{MaxQueued: -1}, echo)
		c := r.dial(conn.Config{})
		s := next(t, r.conns, "connection")
		const senders, each = 8, 500
		var all sync.WaitGroup
		for i := range senders {
			all.Go(func() {
				for n := range each {
					p := bytes.Repeat([]byte{byte(n)}, 100+n*10)
					p[0] = byte(i)
					if err := s.Write(t.Context(), conn.Binary, p); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var seen [senders]int
		for range senders * each {
			_, p, err := c.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := p[0]
			if n := seen[i]; len(p) != 100+n*10 || p[1] != byte(n) {
				t.Fatalf("sender %d's message %d has %d bytes of %d", i, n, len(p), p[1])
			}
			seen[i]++
		}
		all.Wait()
	})
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	b   bytes.Buffer
	new chan struct{}
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.new != nil {
		close(l.new)
		l.new = nil
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await waits until the log contains s.
func (l *lockedBuffer) await(t testing.TB, s string) {
	t.Helper()
	for {
		l.mu.Lock()
		news := make(chan struct{})
		l.new = news
		found := strings.Contains(l.b.String(), s)
		l.mu.Unlock()
		if found {
			return
		}
		next(t, news, "line in the log with "+s)
	}
}
