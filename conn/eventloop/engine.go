package eventloop

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// Engine drives connections by a few loops. Its methods may be called from any
// goroutine at any time.
type Engine struct {
	cfg   Config
	loops loops

	life context.Context // until no more connections are taken
	end  context.CancelFunc

	mu       sync.Mutex
	closed   bool
	others   map[drive.Machine]struct{} // driven by a goroutine each
	reported bool                       // that there are such
	running  sync.WaitGroup             // their goroutines
}

// New starts an Engine. Whoever starts one closes it.
//
// Errors are those of the system, for want of file descriptors say. Where there
// are no loops (see the package's documentation), the Engine drives its
// connections by a goroutine each, and says so to Logger.
func New(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg.withDefaults(), others: make(map[drive.Machine]struct{})}
	if err := e.loops.start(&e.cfg); err != nil {
		return nil, err
	}
	e.life, e.end = context.WithCancel(context.Background())
	return e, nil
}

// Attach hands c over to the Engine, which drives it by h from here on, as go c.Serve(h)
// does. c is one that nobody reads from: fresh from an
// Upgrader, an Opening or a Dialer. What has been received of it is kept; writes in
// progress are waited for.
//
// Over TCP and unix sockets, and over TLS from NewTLSListener, no goroutine and no buffer
// stays with a connection that is quiet. Another kind of connection is driven by a
// goroutine of its own; the first is reported to Logger.
//
// Errors: conn.ErrTaken if c is driven already; conn.ErrInUse if somebody reads or
// writes a message as a stream; how c ended, if it has; the system's. c is then as
// it was, or has ended. On an Engine that was closed, c is aborted, and the error Is
// ErrClosed.
func (e *Engine) Attach(c *conn.Conn, h conn.Hooks) error {
	m, err := e.loops.attach(c, h)
	switch {
	case errors.Is(err, drive.ErrTransport):
		return e.run(m, c.RemoteAddr())
	case errors.Is(err, errStopped):
		c.Abort()
	}
	return err
}

// run drives a connection by a goroutine.
func (e *Engine) run(m drive.Machine, remote net.Addr) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		m.Abort()
		return errStopped
	}
	if !e.reported {
		e.reported = true
		e.cfg.Logger.Warn("websocket connections that no event loop can drive have a goroutine each", "remote", remote)
	}
	e.others[m] = struct{}{}
	e.running.Go(func() {
		defer func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			delete(e.others, m)
		}()
		m.Run()
	})
	return nil
}

// Len returns how many connections the Engine drives.
func (e *Engine) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loops.len() + len(e.others)
}

// Close drops all connections and stops the Engine. It returns when every OnClose
// has, so it must not be called in a hook.
func (e *Engine) Close() {
	e.each(func(m drive.Machine) { m.Abort() })
	e.loops.wait()
	e.running.Wait()
}

// Shutdown closes all connections with conn.CodeGoingAway, and stops the Engine
// once they have ended. When ctx ends first, the rest is dropped, and its error
// returned. It must not be called in a hook.
func (e *Engine) Shutdown(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { e.each(func(m drive.Machine) { m.Abort() }) })
	e.each(func(m drive.Machine) { m.Leave(conn.CodeGoingAway, "server shutting down") })
	e.loops.wait()
	e.running.Wait()
	if !stop() {
		return ctx.Err()
	}
	return nil
}

// each stops the Engine from taking more connections, and does something to all it
// has.
func (e *Engine) each(do func(drive.Machine)) {
	e.end()
	e.mu.Lock()
	e.closed = true
	others := slices.Collect(maps.Keys(e.others))
	e.mu.Unlock()
	e.loops.stop(do)
	for _, m := range others {
		go do(m) // where to write may mean to wait
	}
}
