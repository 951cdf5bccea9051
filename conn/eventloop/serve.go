package eventloop

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
	"github.com/godwit-ws/godwit/internal/backoff"
)

// Serve accepts connections of l, receives their opening requests by up, and calls
// handle with each, which ends it with one call of its Accept, Refuse or Release. What
// Accept returns is given to Attach as a rule.
//
// On Linux, where l is of TCP or a unix socket without TLS, the loops do all of it: until a
// request is there its connection holds no goroutine, and one that goes to Attach
// never has one. handle is then called as hooks are: with Config.Inline on the loop,
// where it must not wait, and nor must up.Check; Refuse returns at once there, and
// does the rest elsewhere. Otherwise each connection has a goroutine until handle
// has returned.
//
// l is Serve's from here on: it is closed when ctx or the Engine ends, and Serve then
// returns ctx's error or ErrClosed; requests that are not answered yet are dropped.
// ctx is the parent of the connections' contexts. To close l elsewhere ends Serve too,
// on Linux with the next client that comes. A panic of handle refuses the request with
// status 500 and is logged. An error of accepting that will not
// go away ends Serve too; for want of file descriptors or memory it waits, and tells
// Logger once. Errors also: that of an Upgrader that can't work.
func (e *Engine) Serve(ctx context.Context, l net.Listener, up *conn.Upgrader, handle func(*conn.Opening)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(e.life, cancel)()
	closed := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(closed)
		l.Close()
	})
	defer func() {
		cancel()
		<-closed
	}()
	handle = e.guard(handle)
	received := func(o *conn.Opening, err error) {
		if err == nil { // else the client has been told
			handle(o)
		}
	}
	var again backoff.Wait
	err := e.Accept(ctx, l, Reception{
		Upgrader: up,
		Arrive:   func(Arrival) func(*conn.Opening, error) { return received },
		Failed:   func(err error) error { return e.wait(ctx, &again, err) },
	})
	if errors.Is(err, ErrListener) {
		err = e.acceptEach(ctx, l, up, handle)
	}
	switch {
	case e.life.Err() != nil:
		return errStopped
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

// acceptEach is Serve with a goroutine for each connection.
func (e *Engine) acceptEach(ctx context.Context, l net.Listener, up *conn.Upgrader, handle func(*conn.Opening)) error {
	var again backoff.Wait
	for {
		nc, err := l.Accept()
		if err != nil {
			if err := e.wait(ctx, &again, err); err != nil {
				return err
			}
			continue
		}
		again = backoff.Wait{}
		e.mu.Lock()
		if e.closed {
			e.mu.Unlock()
			nc.Close()
			return errStopped
		}
		e.running.Go(func() {
			if o, err := up.Receive(ctx, nc, nil); err == nil { // else the client has been told
				handle(o)
			}
		})
		e.mu.Unlock()
	}
}

// wait waits, ever longer, after an error of accepting that may go away. It returns the
// error if it won't, or ctx has ended.
func (e *Engine) wait(ctx context.Context, again *backoff.Wait, err error) error {
	if ctx.Err() != nil || !backoff.Passing(err) {
		return err
	}
	d, begins := again.Next()
	if begins {
		e.cfg.Logger.Warn("accepting websocket connections has to wait", "error", err)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return err
	}
}

// guard has requests refused with which handle panics, or ends its goroutine.
func (e *Engine) guard(handle func(*conn.Opening)) func(*conn.Opening) {
	return func(o *conn.Opening) {
		returned := false
		defer func() {
			if returned {
				return
			}
			p := &conn.PanicError{Value: recover(), Stack: debug.Stack()}
			e.cfg.Logger.Error("panic before a websocket opening request was answered", "path", o.Request.Path(), "error", p, "stack", string(p.Stack))
			o.Refuse(&handshake.Refusal{Status: http.StatusInternalServerError, Err: p}) // fails where it was answered before
		}()
		handle(o)
		returned = true
	}
}
