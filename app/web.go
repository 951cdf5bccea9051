package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// webIdleTimeout is how long a connection of ordinary HTTP may idle between
// requests.
const webIdleTimeout = 2 * time.Minute

// plain answers a request that asks for no WebSocket: by Config.HTTP if there is
// one, which then has the connection.
func (s *Server) plain(o *conn.Opening, peer netip.AddrPort) {
	if s.cfg.HTTP != nil {
		s.web.serve(o.Release())
		return
	}
	err := s.find(o.Request.Path(), &Request{given: &nothingGiven})
	if err == nil {
		err = cmp.Or(o.Check(), handshake.ErrUpgrade) // which may find a wrong method first
	}
	s.logRefused(peer, o.Request.Path(), err)
	o.Refuse(err) // its own error is this one
}

// ServeHTTP answers requests that come by way of net/http, so that the server can
// be mounted in a mux: those for a WebSocket as on its own listeners, others by
// Config.HTTP. The routes' patterns are matched with the whole path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o := s.up.ReceiveHTTP(w, r)
	if !o.AsksUpgrade() && s.cfg.HTTP != nil {
		s.cfg.HTTP.ServeHTTP(w, r)
		return
	}
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // zero on a unix socket
	peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	if !o.AsksUpgrade() {
		s.plain(o, peer)
		return
	}
	if !s.gate.enter() {
		o.Refuse(overloaded(http.StatusServiceUnavailable, "The server is shutting down.", retryRestart))
		return
	}
	if c := s.open(o, peer, tlsOf(r)); c != nil {
		s.drive(c) // net/http holds more than a goroutine until this one has returned
	} else {
		s.gate.leave()
	}
}

// web is an http.Server for the connections on which ordinary requests have come.
// It is started by the first of them.
type web struct {
	server http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   net.Addr
}

// init prepares the http.Server.
func (w *web) init(s *Server) {
	w.conns = make(chan net.Conn)
	w.closed = make(chan struct{})
	w.server = http.Server{
		Handler:           http.HandlerFunc(s.ServeHTTP),
		ReadHeaderTimeout: s.limits.HandshakeTimeout,
		MaxHeaderBytes:    max(0, s.limits.MaxHeaderSize),
		IdleTimeout:       webIdleTimeout,
		ErrorLog:          log.New(&lineLogger{s.log}, "", 0),
		ConnContext:       withTLS,
	}
}

// lineLogger makes lines of package log entries of a slog.Logger.
type lineLogger struct{ log *slog.Logger }

func (l *lineLogger) Write(p []byte) (int, error) {
	l.log.Info(oneLine(string(p)))
	return len(p), nil
}

// serve hands a connection on, and returns at once.
func (w *web) serve(nc net.Conn) {
	w.once.Do(func() {
		w.addr = nc.LocalAddr()
		go w.server.Serve(w) // returns when the server is shut down
	})
	select {
	case w.conns <- nc:
	case <-w.closed:
		nc.Close()
	}
}

// shutdown waits for requests under way.
func (w *web) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openingGrace)
	defer cancel()
	err := w.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return w.server.Close() // requests that go on for too long
	}
	return err
}

// close ends all requests at once.
func (w *web) close() { w.server.Close() }

// Accept implements net.Listener for the http.Server.
func (w *web) Accept() (net.Conn, error) {
	select {
	case nc := <-w.conns:
		return nc, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The http.Server calls it once.
func (w *web) Close() error {
	close(w.closed)
	return nil
}

// Addr implements net.Listener.
func (w *web) Addr() net.Addr { return w.addr }

// tlsKey finds the state of a TLS connection in a request's context: net/http looks
// for it in a *tls.Conn only, and ours have something around them.
type tlsKey struct{}

func withTLS(ctx context.Context, nc net.Conn) context.Context {
	if secured, ok := nc.(interface{ ConnectionState() tls.ConnectionState }); ok {
		state := secured.ConnectionState()
		return context.WithValue(ctx, tlsKey{}, &state)
	}
	return ctx
}

// tlsOf returns the state of the TLS connection that a request came on, or nil.
func tlsOf(r *http.Request) *tls.ConnectionState {
	if r.TLS != nil {
		return r.TLS
	}
	state, _ := r.Context().Value(tlsKey{}).(*tls.ConnectionState)
	return state
}
