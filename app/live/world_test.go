package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

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

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// world is a server in memory.
type world struct {
	*app.Server
	t *testing.T
	l *pipes
}

// inWorld runs f in a synctest bubble with a server that has l at /live.
func inWorld(t *testing.T, c app.Config, l *live.Live, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Limits.ReadTimeout = -1
		s, err := app.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Mount(s.Router(), "/live"); err != nil {
			t.Fatal(err)
		}
		w := &world{s, t, &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
		served := make(chan error, 1)
		go func() { served <- s.Serve(w.l) }()
		defer func() {
			for c := range s.Conns() {
				c.Abort()
			}
			if err := s.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			<-served
		}()
		f(t, w)
	})
}

func (w *world) dialer(subprotocols ...string) *conn.Dialer {
	return &conn.Dialer{
		Subprotocols: subprotocols, Config: conn.Config{ReadTimeout: -1},
		NetDial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			w.l.conns <- theirs
			return ours, nil
		},
	}
}

// peer is a client that speaks the protocol by hand.
type peer struct {
	*conn.Conn
	t *testing.T
}

// connect returns a connection whose welcome has been read.
func (w *world) connect() *peer {
	w.t.Helper()
	p := w.dial()
	p.read()
	return p
}

func (w *world) dial() *peer {
	w.t.Helper()
	c, err := w.dialer(live.Subprotocol).Dial(context.Background(), "ws://godwit/live")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Abort)
	return &peer{c, w.t}
}

func (p *peer) read() string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
	defer cancel()
	_, text, err := p.Read(ctx)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	if !json.Valid(text) {
		p.t.Fatalf("not JSON: %s", text)
	}
	return string(text)
}

// want reads messages and compares them.
func (p *peer) want(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		if diff := cmp.Diff(want, p.read()); diff != "" {
			p.t.Fatalf("read (-want +got):\n%s", diff)
		}
	}
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.WriteText(context.Background(), text); err != nil {
		p.t.Fatalf("send %s: %v", text, err)
	}
}

// do sends a request and wants what follows.
func (p *peer) do(text string, answers ...string) {
	p.t.Helper()
	p.send(text)
	p.want(answers...)
}

// wantEnd reads until the end.
func (p *peer) wantEnd(code conn.Code, reason string) {
	p.t.Helper()
	for {
		_, _, err := p.Read(context.Background())
		if err == nil {
			continue
		}
		if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != code || e.Reason != reason {
			p.t.Fatalf("ended with %v, want %d %q", err, code, reason)
		}
		return
	}
}

// retain keeps the last n messages of every topic.
func retain(n int) func(string) app.Retention {
	return func(string) app.Retention { return app.Retention{MaxMessages: n} }
}
