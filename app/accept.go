package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/godwit-ws/godwit/app/internal/edge"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/handshake"
	"github.com/godwit-ws/godwit/router"
)

// converse serves a connection that was just accepted, on a goroutine of its own. It
// holds a place in the gate.
//
// What comes before the connection is driven has returned by then: the less of its stack
// a goroutine needs where it waits, the smaller is what the runtime begins others with.
func (s *Server) converse(nc net.Conn) {
	switch c := s.receive(nc); {
	case c == nil:
	case s.cfg.Engine == nil:
		s.serve(c)
	default:
		s.drive(c)
	}
}

// receive reads the opening request of a connection, and makes of it what it asks for.
// It returns nil if that is no connection to be driven.
func (s *Server) receive(nc net.Conn) *Conn {
	u := s.underway.begin(nc)
	nc, received, peer, err := s.prepare(nc)
	if err != nil {
		s.underway.end(u)
		s.gate.leave()
		nc.Close()
		s.logLost(nc, err)
		return nil
	}
	o, err := s.up.Receive(s.openingCtx, nc, received)
	s.underway.end(u)
	if err != nil {
		s.gate.leave()
		s.logRefused(peer, "", err)
		return nil
	}
	return s.answer(o, peer, tlsState(nc))
}

// answer makes of an opening request what it asks for. It holds a place in the gate, which
// becomes that of the connection it returns, if it returns one.
func (s *Server) answer(o *conn.Opening, peer netip.AddrPort, state *tls.ConnectionState) *Conn {
	if !o.AsksUpgrade() {
		s.plain(o, peer)
		s.gate.leave()
		return nil
	}
	c := s.open(o, peer, state)
	if c == nil {
		s.gate.leave()
	}
	return c
}

// prepare does what comes before HTTP: the PROXY header and TLS. It returns the
// connection to go on with, what was read beyond the header, and who is at the
// other end.
func (s *Server) prepare(nc net.Conn) (net.Conn, []byte, netip.AddrPort, error) {
	peer := addrPort(nc.RemoteAddr())
	if !s.cfg.ProxyProtocol && s.tls == nil {
		return nc, nil, peer, nil
	}
	if d := s.limits.HandshakeTimeout; d > 0 {
		nc.SetDeadline(time.Now().Add(d))
	}
	var received []byte
	if s.cfg.ProxyProtocol {
		if !s.trust.Contains(peer.Addr()) {
			return nc, nil, peer, errUntrusted
		}
		src, local, rest, err := edge.ReadProxyHeader(nc, nil)
		if err != nil {
			return nc, nil, peer, err
		}
		if received = rest; !local {
			peer = src
		}
	}
	if s.tls == nil {
		return nc, received, peer, nil
	}
	secured := eventloop.TLSServerAfter(nc, received, s.tls) // which an engine can take over
	if err := secured.HandshakeContext(s.openingCtx); err != nil {
		return nc, nil, peer, fmt.Errorf("app: TLS handshake: %w", err)
	}
	return secured, nil, peer, nil
}

// errUntrusted says that a connection which is to begin with a PROXY header comes
// from somewhere else than Config.TrustedProxies.
var errUntrusted = errors.New("app: not one of Config.TrustedProxies, which alone may connect with Config.ProxyProtocol")

// open answers a request for a WebSocket. It returns nil if nothing came of it; else the
// place in the gate is the connection's, as the seats are.
func (s *Server) open(o *conn.Opening, peer netip.AddrPort, state *tls.ConnectionState) *Conn {
	client := s.trust.Resolve(edge.Client{Addr: peer, Scheme: o.Scheme}, o.Request)
	o.Scheme, o.Peer = client.Scheme, client.Addr.Addr()
	if client.Host != "" {
		o.Request = withHost(o.Request, client.Host) // which the page's origin is compared with
	}
	c := &Conn{seldom: &nothing, request: Request{
		server: s, client: client.Addr.Addr(), port: client.Addr.Port(), scheme: client.Scheme,
		host: unique.Make(o.Request.Host()), given: &nothingGiven, answer: new(answer),
	}}
	r := &c.request
	if state != nil {
		r.ownGiven().tls = state
	}
	r.head.Store(o.Request)
	handler, err := s.admit(o, r)
	if err != nil {
		s.logRefused(client.Addr, o.Request.Path(), err)
		o.Refuse(err) // its own error is this one
		return nil
	}
	ws, err := o.Accept(r.answer.Answer)
	if err != nil {
		s.release(r.client)
		s.logRefused(client.Addr, o.Request.Path(), err)
		return nil
	}
	s.adopt(c, ws, handler)
	return c
}

// withHost returns a copy of r that asks for another host.
func withHost(r *handshake.Request, host string) *handshake.Request {
	other := *r
	other.Fields = slices.DeleteFunc(slices.Clone(r.Fields), func(f handshake.Field) bool { return strings.EqualFold(f.Name, "Host") })
	other.Add("Host", host)
	return &other
}

// admit finds the route of a request, judges the request, takes a seat for the
// connection, and asks the route's Acceptor. After an error there is no seat.
func (s *Server) admit(o *conn.Opening, r *Request) (Handler, error) {
	if err := s.find(o.Request.Path(), r); err != nil {
		return nil, err
	}
	if s.isStopped() {
		return nil, overloaded(http.StatusServiceUnavailable, "The server is shutting down.", retryRestart)
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := s.seat(r.client); err != nil {
		return nil, err
	}
	handler, err := s.decide(o, r)
	if err != nil {
		s.release(r.client)
		return nil, err
	}
	return handler, nil
}

// abandon refuses a request whose Acceptor has ended its goroutine (runtime.Goexit), as
// FailNow of a test does: nobody else is left to, nor to give the places back.
func (s *Server) abandon(o *conn.Opening, r *Request) {
	s.each.Error("Handler error: "+errGoexit.Error(), "route", r.Pattern())
	err := mistake(errGoexit)
	s.release(r.client)
	s.logRefused(r.ClientAddress(), o.Request.Path(), err)
	o.Refuse(err) // its own error is this one
	s.gate.leave()
}

// errGoexit is why a request is refused whose Acceptor hasn't returned.
var errGoexit = errors.New("app: the middleware or the factory ended its goroutine")

// find finds the route of a path. What it keeps is no part of the request.
func (s *Server) find(path string, r *Request) error {
	var m router.Match
	found, err := s.cfg.Router.lookup(path, &m)
	if err != nil {
		return s.noRoute(path, err)
	}
	r.route, r.path = found, found.keepPath(path)
	if m.Len() > 0 {
		kept := m // apart, so that m needs no memory where there are no parameters
		kept.Detach()
		r.ownGiven().params = &kept
	}
	return nil
}

// How long refused clients are asked to wait, in seconds.
const (
	retryRestart  = "5"
	retryOverload = "30"
)

// noRoute refuses a path without a route, and logs which one it may have meant.
func (s *Server) noRoute(path string, err error) error {
	if near, ok := s.cfg.Router.near(path); ok && enabled(s.log, slog.LevelInfo) {
		s.log.Info("no route matches the path, but one is close", "path", path, "route", near)
	}
	if router.Status(err) == http.StatusBadRequest {
		return &handshake.Refusal{Status: http.StatusBadRequest, Reason: "The path has a bad escape or isn't UTF-8.", Err: err}
	}
	return &handshake.Refusal{Status: http.StatusNotFound, Reason: "No route matches this path.", Err: err}
}

// seat takes a place for one more connection of a client.
func (s *Server) seat(client netip.Addr) error {
	if n := s.seats.Add(1); s.cfg.MaxConns > 0 && n > int64(s.cfg.MaxConns) {
		s.seats.Add(-1)
		return overloaded(http.StatusServiceUnavailable, "The server has as many connections as it takes.", retryOverload)
	}
	if !s.perIP.Acquire(client) {
		s.seats.Add(-1)
		return overloaded(http.StatusTooManyRequests, "There are as many connections from this address as the server takes.", retryOverload)
	}
	return nil
}

// release gives a seat back.
func (s *Server) release(client netip.Addr) {
	s.seats.Add(-1)
	s.perIP.Release(client)
}

// decide asks the route's Acceptor. A panic of it, a middleware's or a factory's,
// refuses the request and is logged.
func (s *Server) decide(o *conn.Opening, r *Request) (h Handler, err error) {
	returned := false
	defer func() {
		if value := recover(); value != nil {
			p := &conn.PanicError{Value: value, Stack: debug.Stack()}
			s.each.Error("Handler error: panic before the handshake was answered",
				"route", r.Pattern(), "error", p, "stack", string(p.Stack))
			err = mistake(p)
		} else if !returned {
			s.abandon(o, r)
		}
	}()
	h, err = r.route.accept(r)
	returned = true
	switch _, refused := errors.AsType[*handshake.Refusal](err); {
	case err == nil && h == nil:
		err = errors.New("app: the middleware returned neither a handler nor an error")
	case err == nil:
		return h, nil
	case refused:
		return nil, err
	}
	s.each.Error("Handler error: "+oneLine(err.Error()), "route", r.Pattern())
	return nil, mistake(err)
}

// mistake refuses a request for a mistake of ours.
func mistake(err error) error {
	return &handshake.Refusal{Status: http.StatusInternalServerError, Err: err}
}

// loopback stands for whoever is at the other end of a unix socket.
var loopback = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)

// addrPort returns the IP address and port in addr, if there are any.
func addrPort(addr net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch a := addr.(type) {
	case nil:
	case *net.TCPAddr:
		at = a.AddrPort()
	case *net.UnixAddr:
		at = loopback
	default:
		at, _ = netip.ParseAddrPort(addr.String()) // zero if there is none
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// tlsState returns the state of a TLS connection, or nil.
func tlsState(nc net.Conn) *tls.ConnectionState {
	secured, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	state := secured.ConnectionState()
	return &state
}

// logRefused logs a request that became no connection.
func (s *Server) logRefused(client netip.AddrPort, path string, err error) {
	s.totals.refused.Add(1)
	level := slog.LevelInfo
	if status := handshake.Status(err); status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []any{"client", client, "status", handshake.Status(err)}
	if path != "" {
		attrs = append(attrs, "path", path)
	}
	if errors.Is(err, handshake.ErrOrigin) {
		attrs = append(attrs, "hint", "set Config.Origins to let pages of this origin connect")
	}
	s.each.Log(s.openingCtx, level, "Handshake failed: "+oneLine(err.Error()), attrs...)
}

// logLost logs a connection that was lost before there was a request.
func (s *Server) logLost(nc net.Conn, err error) {
	s.totals.refused.Add(1)
	s.each.Info("Connection error: "+oneLine(err.Error()), "client", addrPort(nc.RemoteAddr()))
}
