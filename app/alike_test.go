package app_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/frame"
)

// engines are all that may drive a server's connections; nil is a goroutine for each.
func engines(t *testing.T) map[string]*eventloop.Engine {
	t.Helper()
	inline, err := eventloop.New(eventloop.Config{Inline: true, Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inline.Close)
	return map[string]*eventloop.Engine{"goroutines": nil, "inline": inline, "pooled": newEngine(t)}
}

// alike runs a script on all engines, and compares what it returns with what comes of
// it on goroutines.
func alike(t *testing.T, script func(t *testing.T, e *eventloop.Engine) []string) {
	all := engines(t)
	got := make(map[string][]string)
	for _, name := range []string{"goroutines", "inline", "pooled"} {
		t.Run(name, func(t *testing.T) { got[name] = script(t, all[name]) })
	}
	for _, name := range []string{"inline", "pooled"} {
		if diff := cmp.Diff(got["goroutines"], got[name]); diff != "" {
			t.Errorf("(-goroutines +%s):\n%s", name, diff)
		}
	}
}

// lines are what somebody has seen, in order.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, args...))
}

func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// endText says how a connection ended, less what differs between machines.
func endText(e *app.CloseError) string {
	text := fmt.Sprintf("%d %q remote=%v", e.Code, e.Reason, e.Remote)
	if p, ok := errors.AsType[*conn.PanicError](e); ok {
		return text + fmt.Sprint(" panic ", p.Value)
	}
	if e.Err != nil {
		text += " " + e.Err.Error()
	}
	return text
}

// kindOf says what sort of error one is.
func kindOf(err error) string {
	switch {
	case err == nil:
		return "nil"
	case errors.Is(err, app.ErrClosed):
		return "closed"
	}
	return err.Error()
}

// diary is a handler that notes each of its hooks, says so to its peer, and acts in one
// of them.
type diary struct {
	*lines
	in   string
	act  func(c *app.Conn) error
	done chan struct{}
}

func (d *diary) hook(c *app.Conn, name, text string) error {
	d.add("%s %q connected=%v", name, text, c.Connected())
	if err := c.SendText(name); name != "OnClose" || !errors.Is(err, app.ErrClosed) {
		if err != nil {
			d.add("%s: send: %s", name, kindOf(err))
		}
	}
	if name != d.in {
		return nil
	}
	return d.act(c)
}

func (d *diary) OnOpen(c *app.Conn) error              { return d.hook(c, "OnOpen", "") }
func (d *diary) OnMessage(c *app.Conn, p []byte) error { return d.hook(c, "OnMessage", string(p)) }
func (d *diary) OnBinary(c *app.Conn, p []byte) error  { return d.hook(c, "OnBinary", string(p)) }
func (d *diary) OnPing(c *app.Conn, p []byte) error    { return d.hook(c, "OnPing", string(p)) }
func (d *diary) OnPong(c *app.Conn, p []byte) error    { return d.hook(c, "OnPong", string(p)) }

func (d *diary) OnClose(c *app.Conn, e *app.CloseError) {
	defer close(d.done)
	d.add("closes: %s; %d %q context=%v", endText(e), c.CloseCode(), c.CloseReason(), c.Context().Err())
	if err := d.hook(c, "OnClose", ""); err != nil {
		panic(err)
	}
}

// actions are what a hook may do to its connection.
var actions = map[string]func(*diary, *app.Conn) error{
	"error":       func(*diary, *app.Conn) error { return errors.New("as asked") },
	"close-error": func(*diary, *app.Conn) error { return &app.CloseError{Code: 4321, Reason: "as asked"} },
	"panic":       func(*diary, *app.Conn) error { panic("as asked") },
	"goexit":      func(*diary, *app.Conn) error { runtime.Goexit(); return nil },
	"close":       func(_ *diary, c *app.Conn) error { return c.Close(4000, "as asked") },
	"close-badly": func(d *diary, c *app.Conn) error { d.add("%v", c.Close(1006, "")); return nil },
	"abort":       func(_ *diary, c *app.Conn) error { c.Abort(); return nil },
	"close-elsewhere": func(_ *diary, c *app.Conn) error {
		done := make(chan error)
		go func() { done <- c.Close(4000, "as asked") }()
		return <-done
	},
	"abort-elsewhere": func(_ *diary, c *app.Conn) error {
		done := make(chan error)
		go func() { c.Abort(); close(done) }()
		return <-done
	},
	"kick": func(d *diary, c *app.Conn) error {
		ok, err := c.Server().Kick(c.ID(), 4001, "kicked")
		d.add("kick: %v %s", ok, kindOf(err))
		return nil
	},
	"close-then-send": func(d *diary, c *app.Conn) error {
		err := c.Close(4000, "as asked")
		d.add("close %s again %s text %s binary %s json %s chunked %s fragmented %s flush %s", kindOf(err), kindOf(c.Close(4002, "again")),
			kindOf(c.SendText("x")), kindOf(c.SendBinary(nil)), kindOf(c.SendJSON(1)), kindOf(c.SendChunked([]byte("abc"), 2)),
			kindOf(c.SendFragmented(conn.Text, []byte("abc"), 2)), kindOf(c.Flush()))
		n, err := c.Server().Everyone().Text("x")
		d.add("everyone %d %s", n, kindOf(err))
		return nil
	},
	"send": func(d *diary, c *app.Conn) error {
		d.add("text %s binary %s json %s chunked %s fragmented %s flush %s",
			kindOf(c.SendText("x")), kindOf(c.SendBinary(nil)), kindOf(c.SendJSON(1)), kindOf(c.SendChunked([]byte("abc"), 2)),
			kindOf(c.SendFragmented(conn.Text, []byte("abcde"), 2)), kindOf(c.Flush()))
		n, err := c.Server().Everyone().Text("all")
		d.add("everyone %d %s", n, kindOf(err))
		d.add("bad text %s, %s", kindOf(c.SendText("\xff")), kindOf(c.SendFragmented(conn.Text, []byte("\xff"), 1)))
		return nil
	},
	"join": func(d *diary, c *app.Conn) error {
		d.add("join %s", kindOf(c.Join("room")))
		n, err := c.To("room").Text("to the room")
		d.add("reached %d %s; %v", n, kindOf(err), c.Topics())
		n, err = c.To("room").Except(c).Text("to others")
		d.add("reached %d %s", n, kindOf(err))
		return nil
	},
	"stream": func(d *diary, c *app.Conn) error {
		n, err := c.NetConn().Write([]byte("streamed"))
		d.add("wrote %d %s; same %v", n, kindOf(err), c.NetConn() == c.NetConn())
		n, err = c.NetConn().Read(make([]byte, 1))
		d.add("read %d %v", n, err)
		return nil
	},
	"values": func(d *diary, c *app.Conn) error {
		c.Set("k", 1)
		c.Set("k", 2)
		d.add("get %v %v", c.Get("k"), c.Request().Get("k"))
		return nil
	},
	"shutdown": func(d *diary, c *app.Conn) error {
		go c.Server().Shutdown(context.Background())
		for !errors.Is(c.Flush(), app.ErrClosed) {
			runtime.Gosched()
		}
		return nil
	},
}

// Whatever a hook does, in whichever hook, the hooks that follow, what the peer gets and
// what is left are the same on all engines.
func TestHooksAlike(t *testing.T) {
	for name, act := range actions {
		t.Run(name, func(t *testing.T) {
			alike(t, func(t *testing.T, e *eventloop.Engine) (seen []string) {
				for _, in := range []string{"OnOpen", "OnMessage", "OnBinary", "OnPing", "OnPong", "OnClose"} {
					seen = append(seen, "--- "+in)
					seen = append(seen, liveThrough(t, e, in, act)...)
				}
				return seen
			})
		})
	}
}

// liveThrough returns what is seen on both sides of a connection one of whose hooks acts.
func liveThrough(t *testing.T, e *eventloop.Engine, in string, act func(*diary, *app.Conn) error) []string {
	d := &diary{lines: new(lines), in: in, done: make(chan struct{})}
	d.act = func(c *app.Conn) error { return act(d, c) }
	s, url := serve(t, app.Config{Engine: e}, func(r *app.Router) { route(t, r, "/", func() any { return d }) })
	p := openFrames(t, url, "/")
	p.nc.Write(slices.Concat(whole(conn.Text, "text"), whole(conn.Binary, "binary"), whole(frame.Ping, "ping"),
		whole(frame.Pong, "pong"), whole(conn.Text, "last"), closing(1000, "bye")))
	peer := new(lines)
	var message []byte // loops send one in pieces of their own
	for {
		f, ok := p.next()
		if !ok {
			break
		}
		if message = append(message, f.payload...); f.Fin {
			peer.add("peer: %q", message)
			message = nil
		}
	}
	<-d.done
	eventually(t, "it has gone", func() bool { return s.Stats().Conns == 0 })
	st := s.Stats()
	d.add("accepted %d topics %d received %v sent %v", st.Accepted, st.Topics, st.Received, st.Sent)
	if strings.Contains(strings.Join(d.list(), "\n"), conn.ErrAborted.Error()) {
		return d.list() // how much has left before is chance
	}
	return append(d.list(), peer.list()...)
}

// onEach runs f with each engine.
func onEach(t *testing.T, f func(t *testing.T, e *eventloop.Engine)) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) { f(t, e) })
	}
}

// A hook that waits for its connection's end gets it: HookTimeout is kept though the
// hook holds up its loop.
func TestHookTimeoutOnEngines(t *testing.T) {
	onEach(t, func(t *testing.T, e *eventloop.Engine) {
		ends := make(closes, 1)
		waits := func(c *app.Conn, _ []byte) error {
			select {
			case <-c.Context().Done():
			case <-time.After(limit):
				t.Error("the context hasn't ended")
			}
			return nil
		}
		cfg := app.Config{Engine: e, HookTimeout: 50 * time.Millisecond, Limits: conn.Config{CloseTimeout: 50 * time.Millisecond}}
		_, url := serve(t, cfg, at(t, "/", acts{text: waits, close: ends.note}))
		c := dial(t, url)
		c.send("x")
		c.wantEnd(conn.CodeInternalError, "internal error")
		if end := <-ends; !errors.Is(end, app.ErrHookTimeout) || !errors.Is(end, conn.ErrCloseTimeout) || end.Code != conn.CodeInternalError {
			t.Errorf("OnClose got %v", end)
		}
	})
}
