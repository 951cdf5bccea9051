package app

import (
	"context"
	"fmt"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// openingGrace is how long handshakes may go on after Shutdown was called, and
// hooks after their connections were dropped.
const openingGrace = time.Second

// shutdownReason is what connections are told.
const shutdownReason = "server shutting down"

// Shutdown ends the server in order: it accepts no more, closes every connection
// with 1001 behind what is still to be sent, and waits until all have ended and
// their OnClose has returned, for Config.DrainTimeout at most and no longer than
// ctx. What is left then is dropped, and the error is ErrDrainTimeout or ctx's.
//
// It may be called any number of times; each call waits. Called from a hook it
// can't see the end of that hook's connection, and returns after DrainTimeout:
// call it with go.
func (s *Server) Shutdown(ctx context.Context) error {
	empty := s.beginShutdown()
	limit := make(<-chan time.Time)
	if s.cfg.DrainTimeout > 0 {
		timer := time.NewTimer(s.cfg.DrainTimeout)
		defer timer.Stop()
		limit = timer.C
	}
	var cause error
	select {
	case <-empty:
		return s.web.shutdown(ctx)
	case <-limit:
		cause = ErrDrainTimeout
	case <-ctx.Done():
		cause = fmt.Errorf("app: shutdown: %w", ctx.Err())
	}
	s.drop(empty)
	return cause
}

// beginShutdown tells everybody, once. It returns a channel that is closed when all
// have left.
func (s *Server) beginShutdown() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	empty := s.gate.close()
	if s.isStopped() {
		return empty
	}
	close(s.stopped)
	for l := range s.listeners {
		l.Close()
	}
	if s.bound != nil {
		s.bound.Close() // it may not be served yet
	}
	s.log.Info("shutting down", "connections", s.conns.len())
	time.AfterFunc(openingGrace, s.cutOpening)
	for c := range s.conns.all() {
		go c.Close(conn.CodeGoingAway, shutdownReason) // a peer that doesn't read holds up nobody else
	}
	return empty
}

// drop ends what is left at once, and waits a moment for the hooks.
func (s *Server) drop(empty <-chan struct{}) {
	s.cutOpening()
	s.log.Warn("dropping connections that did not end", "connections", s.conns.len())
	for c := range s.conns.all() {
		c.Abort()
	}
	s.web.close()
	timer := time.NewTimer(openingGrace)
	defer timer.Stop()
	select {
	case <-empty:
	case <-timer.C:
	}
}
