package app

import (
	"net"
	"net/netip"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/internal/backoff"
	"github.com/godwit-ws/godwit/router"
)

// acceptOnLoops has the Engine's loops accept connections on l and receive their opening
// requests. Shutdown waits for its end as for a connection's: the loops have their own
// descriptor of l.
func (s *Server) acceptOnLoops(l net.Listener) error {
	if !s.gate.enter() {
		return ErrServerClosed
	}
	defer s.gate.leave()
	var again backoff.Wait
	err := s.cfg.Engine.Accept(s.openingCtx, l, eventloop.Reception{
		Upgrader: s.up,
		Arrive:   s.arrive,
		Failed:   func(err error) error { return s.acceptAgain(&again, err) },
		Stop:     s.stopped,
	})
	if s.isStopped() {
		return ErrServerClosed
	}
	return err
}

// arrive is told of a connection that a loop has accepted.
func (s *Server) arrive(a eventloop.Arrival) func(*conn.Opening, error) {
	if !s.gate.enter() {
		return nil
	}
	u := s.underway.begin(a)
	return func(o *conn.Opening, err error) {
		s.underway.end(u)
		s.receiveOnLoop(a, o, err)
	}
}

// receiveOnLoop answers the opening request of a connection that a loop has accepted, or
// logs why there is none. What may wait has a goroutine: what net/http serves, and where
// hooks must not wait those of the user's that come before the answer.
func (s *Server) receiveOnLoop(a eventloop.Arrival, o *conn.Opening, err error) {
	peer := addrPort(a.RemoteAddr())
	switch {
	case err != nil:
		s.gate.leave()
		s.logRefused(peer, "", err)
	case !o.AsksUpgrade() && s.cfg.HTTP != nil, s.cfg.Engine.Inline() && s.asksMiddleware(o.Request.Path()):
		go s.answerOnLoop(o, peer)
	default:
		s.answerOnLoop(o, peer)
	}
}

// answerOnLoop answers a request and hands the connection that comes of it to the Engine.
func (s *Server) answerOnLoop(o *conn.Opening, peer netip.AddrPort) {
	if c := s.answer(o, peer, nil); c != nil {
		s.drive(c)
	}
}

// asksMiddleware reports whether a request for path is decided by middleware.
func (s *Server) asksMiddleware(path string) bool {
	var m router.Match
	r, err := s.cfg.Router.lookup(path, &m)
	return err == nil && r.middleware
}
