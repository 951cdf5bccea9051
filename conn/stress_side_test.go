package conn_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// gambler is a goroutine's source of chance, and of contexts.
type gambler struct {
	*rand.Rand
	bubble bool
	shared context.Context // used again and again
}

// nap lets others run; in a bubble, time too.
func (g *gambler) nap() {
	switch {
	case g.IntN(4) > 0:
	case g.bubble:
		time.Sleep(time.Duration(g.IntN(300)) * time.Microsecond)
	default:
		runtime.Gosched()
	}
}

// context returns one that ends at some moment, or never.
func (g *gambler) context() (context.Context, context.CancelFunc) {
	switch g.IntN(6) {
	case 0:
		return context.WithTimeout(g.shared, time.Duration(g.IntN(500))*time.Microsecond)
	case 1:
		ctx, cancel := context.WithCancel(context.Background())
		go func() { g.shared.Err(); runtime.Gosched(); cancel() }()
		return ctx, cancel
	case 2:
		ctx, cancel := context.WithCancel(g.shared)
		if g.IntN(4) == 0 {
			cancel()
		}
		return ctx, cancel
	case 3:
		return context.Background(), func() {}
	}
	return g.shared, func() {}
}

// size is that of a message in bytes, mostly small.
func (g *gambler) size() int {
	switch g.IntN(20) {
	case 0:
		return g.IntN(300_000)
	case 1, 2, 3:
		return g.IntN(20_000)
	}
	return g.IntN(300)
}

// side is one end of a connection under stress.
type side struct {
	t       testing.TB
	c       *conn.Conn
	out, in *ledger
	dice    func() *gambler // a new one for each goroutine
	answers bool            // hooks send too
	run     func(*hooks)    // drives the connection by hooks, until it has ended
	onHook  func() error    // called by each OnMessage
	opens   atomic.Int32    // calls of OnOpen
	closes  atomic.Int32    // and of OnClose
}

// gone reports whether err is the connection's end; errors that are neither that
// nor ctx's fail the test.
func (s *side) gone(what string, ctx context.Context, err error) bool {
	switch {
	case errors.Is(err, conn.ErrClosed):
		if _, ok := errors.AsType[*conn.CloseError](err); !ok {
			s.t.Errorf("%s: %v isn't a CloseError", what, err)
		}
		return true
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
	default:
		s.t.Errorf("%s = %v", what, err)
	}
	return false
}

// promised says what a send's error promises, and whether more can be sent.
func (s *side) promised(what string, ctx context.Context, err error) (fate, bool) {
	switch {
	case err == nil || errors.Is(err, conn.ErrWriteUnfinished):
		return must, true
	case errors.Is(err, conn.ErrQueueFull):
		return never, true
	case s.gone(what, ctx, err):
		return mayCome, false
	}
	return never, true
}

// send sends n messages in all the ways there are.
func (s *side) send(sender, n int) {
	g := s.dice()
	for i := range n {
		m := compose(sender, i, g.size())
		f, ok := s.sendOne(g, m)
		s.out.promise(sender, i, f)
		if !ok {
			return
		}
		g.nap()
	}
}

func (s *side) sendOne(g *gambler, m []byte) (fate, bool) {
	ctx, cancel := g.context()
	defer cancel()
	op := conn.Opcode(1 + g.IntN(2))
	switch g.IntN(10) {
	case 8, 9:
		return s.post(g, op, m)
	case 0:
		p, err := conn.NewPrepared(op, m)
		if err != nil {
			s.t.Error(err)
		}
		return s.promised("WritePrepared", ctx, s.c.WritePrepared(ctx, p))
	case 1:
		return s.stream(g, op, m)
	case 2:
		s.c.Flush(ctx)
	}
	err := s.c.Write(ctx, op, m)
	for i := range m {
		m[i] = '#' // it is ours again
	}
	return s.promised("Write", ctx, err)
}

// post sends a message by Post.
func (s *side) post(g *gambler, op conn.Opcode, m []byte) (fate, bool) {
	p, err := conn.NewPrepared(op, m)
	if err != nil {
		s.t.Error(err)
	}
	how := conn.Posting{Overflow: conn.DropNewest, MaxMessages: 1 + g.IntN(20)}
	switch g.IntN(4) {
	case 0:
		how.Overflow, how.Key = conn.KeepLatest, string(m[:prefix]) // none takes another's place, and all come in order
	case 1:
		how.Overflow = conn.DropOldest
	}
	dropped, err := s.c.Post(p, how)
	switch {
	case err != nil:
		return s.promised("Post", context.Background(), err)
	case how.Overflow == conn.DropNewest && dropped == 0:
		return waits, true
	case how.Overflow == conn.DropNewest:
		return never, true
	}
	return mayCome, true
}

// stream sends a message by a MessageWriter, in pieces.
func (s *side) stream(g *gambler, op conn.Opcode, m []byte) (fate, bool) {
	ctx := context.Background() // its end would be the connection's
	w, err := s.c.Writer(ctx, op)
	for err == nil && len(m) > 0 {
		n := min(len(m), 1+g.IntN(len(m)))
		if _, err = w.Write(m[:n]); err == nil && g.IntN(3) == 0 {
			err = w.Flush()
		}
		m = m[n:]
		g.nap()
	}
	if err == nil {
		err = w.Close()
	}
	return s.promised("Writer", ctx, err)
}

// read reads in all the ways there are, until the connection ends.
func (s *side) read() {
	g := s.dice()
	var buf []byte
	for {
		ctx, cancel := g.context()
		var p []byte
		var err error
		switch g.IntN(4) {
		case 0:
			_, p, err = s.c.Read(ctx)
		case 1:
			err = s.readStream(ctx, g)
		default:
			_, p, err = s.c.ReadInto(ctx, buf[:0:g.IntN(cap(buf)+1)])
		}
		if p != nil {
			s.in.arrived(p, true)
		}
		done := err != nil && s.gone("read", ctx, err)
		cancel()
		if done {
			return
		}
		if cap(buf) < 4096 {
			buf = make([]byte, 0, 8192)
		}
		g.nap()
	}
}

// readStream reads a message by a MessageReader, or the beginning of one.
func (s *side) readStream(ctx context.Context, g *gambler) error {
	_, r, err := s.c.Reader(ctx)
	if err != nil {
		return err
	}
	var p []byte
	for err == nil && (len(p) < prefix || g.IntN(50) > 0) {
		b := make([]byte, 1+g.IntN(40_000))
		var n int
		n, err = r.Read(b)
		p = append(p, b[:n]...)
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, conn.ErrClosed) {
			r.SetContext(context.Background()) // nothing is lost
			ctx, err = context.Background(), nil
		}
	}
	switch {
	case len(p) >= prefix:
		s.in.arrived(p, errors.Is(err, io.EOF))
	default:
		s.in.lost()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, conn.ErrReader) {
		return nil
	}
	return err
}

// ping pings until the connection ends, or is told to stop; not so often that the
// peer's reader is held up by its answers.
func (s *side) ping(stop <-chan struct{}) {
	g := s.dice()
	for range 200 {
		select {
		case <-stop:
			return
		default:
		}
		ctx, cancel := g.context()
		took, err := s.c.Ping(ctx)
		done := err != nil && s.gone("Ping", ctx, err)
		cancel()
		if took < 0 {
			s.t.Errorf("a ping took %v", took)
		}
		if done {
			return
		}
		g.nap()
	}
}

// ask asks for all that a connection tells of itself, until it has ended, and then once
// more.
func (s *side) ask(stop <-chan struct{}) {
	g := s.dice()
	for over := false; !over; g.nap() {
		select {
		case <-stop:
			over = true
		default:
		}
		ended := s.c.Err() != nil
		switch g.IntN(4) {
		case 0:
			if gone := s.c.Context().Err() != nil; ended && !gone {
				s.t.Error("Context goes on after the end")
			}
		case 1:
			if messages, bytes := s.c.Queued(); messages < 0 || bytes < 0 {
				s.t.Errorf("%d messages and %d bytes are queued", messages, bytes)
			}
		case 2:
			ctx, cancel := g.context()
			s.asked("WaitWritten", ctx, s.c.WaitWritten(ctx), ended)
			cancel()
		default:
			ctx, cancel := g.context()
			s.asked("Flush", ctx, s.c.Flush(ctx), ended)
			cancel()
		}
		if s.c.RemoteAddr() == nil || s.c.LocalAddr() == nil {
			s.t.Error("no address")
		}
	}
}

// asked checks the error of a call on a connection that had ended before, or not.
func (s *side) asked(what string, ctx context.Context, err error, ended bool) {
	switch {
	case err == nil && ended:
		s.t.Errorf("%s after the end: no error", what)
	case err != nil && !errors.Is(err, conn.ErrWriteUnfinished):
		s.gone(what, ctx, err)
	}
}

// hooks are a side's, and count.
type hooks struct {
	*side
	*gambler
	sent    int
	onClose func() // nil for nothing
}

// hookSender is the number of the sender that answers from hooks.
const hookSender = 900

func (h *hooks) OnOpen(*conn.Conn) error { h.opens.Add(1); return nil }

func (h *hooks) OnMessage(_ *conn.Conn, _ conn.Opcode, p []byte) error {
	h.in.arrived(p, true)
	if h.answers && h.IntN(2) == 0 {
		f, _ := h.sendOne(h.gambler, compose(hookSender, h.sent, h.size()/10))
		h.out.promise(hookSender, h.sent, f)
		h.sent++
	}
	h.nap()
	return h.onHook()
}

func (h *hooks) OnClose(*conn.Conn, *conn.CloseError) {
	h.closes.Add(1)
	if h.onClose != nil {
		h.onClose()
	}
}

// consume starts what takes the side's messages; it is done with the connection.
func (s *side) consume(way int, group *sync.WaitGroup) {
	switch way {
	case 0:
		group.Go(func() { s.run(&hooks{side: s, gambler: s.dice()}) })
	case 1:
		group.Go(func() {
			for range 3 {
				group.Go(s.read)
			}
		})
	default:
		s.in.ordered = true
		group.Go(s.read)
	}
}
