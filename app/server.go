package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/app/internal/certs"
	"github.com/godwit-ws/godwit/app/internal/edge"
	"github.com/godwit-ws/godwit/app/internal/limit"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/internal/backoff"
)

// Server serves the routes of a Router, on listeners of its own and as an
// http.Handler. It is made by New or CreateWithBlueprints and used once: after
// Shutdown it serves no more.
type Server struct {
	cfg    Config
	log    *slog.Logger // godwit.server
	each   *slog.Logger // godwit.connection
	up     *conn.Upgrader
	limits conn.Config // in force
	tls    *tls.Config // nil for plain connections
	trust  edge.Trust
	certs  *certs.Source  // nil without Config.CertFile
	perIP  *limit.Counter // nil without Config.MaxConnsPerIP
	broker Broker         // nil where topics are this server's alone
	web    web            // for requests that ask for no WebSocket

	openingCtx context.Context // ends when Shutdown gives up on handshakes under way
	cutOpening context.CancelFunc
	stopped    chan struct{} // closed by Shutdown
	underway   handshakes    // on our own listeners
	gate       gate          // connections, from accept to the end of OnClose

	mu        sync.Mutex // guards the fields below
	running   bool
	bound     net.Listener // by Listen, for Run
	listeners map[net.Listener]struct{}

	seats  atomic.Int64 // connections, and those about to be
	conns  directory
	topics topics
	totals totals
}

// New makes a Server. The error is a *ConfigError.
func New(c Config) (*Server, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg:       c,
		log:       loggerNamed(c.Logger, "godwit.server"),
		each:      loggerNamed(c.Logger, "godwit.connection"),
		trust:     edge.NewTrust(c.TrustedProxies),
		broker:    c.Broker,
		perIP:     limit.NewCounter(c.MaxConnsPerIP, 0),
		stopped:   make(chan struct{}),
		listeners: make(map[net.Listener]struct{}),
	}
	s.openingCtx, s.cutOpening = context.WithCancel(context.Background())
	s.up = &conn.Upgrader{Config: c.Limits, Origins: c.Origins, Subprotocols: c.Subprotocols, Logger: s.each}
	s.limits = s.up.Limits()
	if c.Retain != nil {
		s.broker = NewMemoryBroker(MemoryConfig{Retain: c.Retain})
	}
	if c.CertFile != "" {
		source, err := certs.New(c.CertFile, c.KeyFile, func(err error) {
			s.log.Error("certificate not reloaded; the old one stays in use", "error", err)
		})
		if err != nil {
			return nil, &ConfigError{Field: "CertFile", Reason: "can't be used", Err: err}
		}
		s.certs = source
	}
	s.tls = s.tlsConfig()
	s.underway.limit = c.MaxHandshakes
	s.conns.init()
	s.web.init(s)
	return s, nil
}

// CreateWithBlueprints makes a Server on host and port with the blueprints of the
// package DefaultBlueprints, behind the routes that c.Router may have already.
// Host "0.0.0.0" or "" means all interfaces, port 0 a free one; c.Addr isn't used.
// To look in another package, call Router.Discover and New.
func CreateWithBlueprints(host string, port int, c Config) (*Server, error) {
	c.Addr = net.JoinHostPort(host, strconv.Itoa(port))
	s, err := New(c)
	if err != nil {
		return nil, err
	}
	if err := s.Router().Discover(DefaultBlueprints); err != nil && c.Strict {
		return nil, err
	}
	return s, nil
}

// Router returns the server's routes.
func (s *Server) Router() *Router { return s.cfg.Router }

// Limits returns the limits in force for connections, with the defaults filled in.
func (s *Server) Limits() conn.Config { return s.limits }

// Run listens on Config.Addr, unless Listen was called, and serves until ctx ends;
// then it shuts down and returns nil. It returns nil after Shutdown too, even if
// that came first. A second Run is ErrRunning. An error of listening names the
// address.
func (s *Server) Run(ctx context.Context) error {
	switch err := s.start(); {
	case errors.Is(err, ErrServerClosed):
		return nil // Shutdown was quicker
	case err != nil:
		return err
	}
	stop := context.AfterFunc(ctx, func() { s.Shutdown(context.Background()) })
	defer stop()
	err := s.Serve(s.bound)
	if !errors.Is(err, ErrServerClosed) {
		return err
	}
	return s.Shutdown(context.Background()) // waits for the one under way
}

// ServeForever is Run until Shutdown.
func (s *Server) ServeForever() error { return s.Run(context.Background()) }

// start takes the server's one run, and listens.
func (s *Server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return ErrRunning
	}
	if err := s.listen(); err != nil {
		return err
	}
	s.running = true
	return nil
}

// Listen opens the listener that Run serves, so that Addr is known and a port that
// can't be had is noticed before. It does nothing if it was called before.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listen()
}

// listen opens the listener, once. mu is held.
func (s *Server) listen() error {
	if s.isStopped() {
		return ErrServerClosed
	}
	if s.bound != nil {
		return nil
	}
	l, err := listen(s.cfg.Addr)
	if err != nil {
		return err
	}
	s.bound = l
	return nil
}

// Addr returns the address that Listen or Run has bound, or nil before.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound == nil {
		return nil
	}
	return s.bound.Addr()
}

// isStopped reports whether Shutdown was called.
func (s *Server) isStopped() bool {
	select {
	case <-s.stopped:
		return true
	default:
		return false
	}
}

// Serve accepts connections on l until Shutdown, and then returns
// ErrServerClosed, or an error of l. It speaks TLS if Config says so. It may be
// called for any number of listeners, and closes l. That somebody else has closed l
// an Engine notices with the next client.
func (s *Server) Serve(l net.Listener) error {
	if !s.track(l) {
		l.Close()
		return ErrServerClosed
	}
	defer s.untrack(l)
	s.log.Info("listening", "address", l.Addr().String(), "tls", s.tls != nil)
	if s.cfg.Engine != nil && s.tls == nil && !s.cfg.ProxyProtocol {
		err := s.acceptOnLoops(l)
		if !errors.Is(err, eventloop.ErrListener) && !errors.Is(err, eventloop.ErrClosed) {
			return err
		}
	}
	return s.acceptEach(l)
}

// acceptEach accepts connections on l, and gives each a goroutine.
func (s *Server) acceptEach(l net.Listener) error {
	var again backoff.Wait
	for {
		nc, err := l.Accept()
		switch {
		case err != nil:
			if err := s.acceptAgain(&again, err); err != nil {
				return err
			}
			continue
		case s.gate.enter():
			go s.converse(nc)
		default:
			nc.Close()
		}
		again = backoff.Wait{}
	}
}

// acceptAgain waits until accepting may be tried again after an error. It returns an
// error if it may not.
func (s *Server) acceptAgain(again *backoff.Wait, err error) error {
	switch {
	case s.isStopped():
		return ErrServerClosed
	case !backoff.Passing(err):
		return err
	}
	d, _ := again.Next()
	s.log.Warn("accept failed; trying again", "error", err, "in", d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stopped:
	}
	return nil
}

// track notes a listener for Shutdown to close.
func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopped() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	l.Close()
}

var _ http.Handler = (*Server)(nil)
