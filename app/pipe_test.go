package app_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// pipes is a listener in memory, for tests inside a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.conns:
		return nc, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// dial connects to the listener, for a Dialer.
func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// inBubble runs a server in memory inside a synctest bubble, and f with a function
// that connects to a path of it.
func inBubble(t *testing.T, c app.Config, add func(*testing.T, *app.Router), f func(t *testing.T, s *app.Server, connect func(path string) *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := app.New(c)
		if err != nil {
			t.Fatal(err)
		}
		add(t, s.Router())
		l := newPipes()
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		defer func() {
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			<-served
		}()
		f(t, s, func(path string) *client {
			c := dialWith(t, &conn.Dialer{NetDial: l.dial, Config: conn.Config{ReadTimeout: -1}}, "ws://godwit"+path)
			c.patience = 10000 * time.Hour // of the bubble's
			return c
		})
	})
}
