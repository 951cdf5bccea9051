package main

import (
	"context"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// drainTime is how long connections may take to end once we go down.
const drainTime = 5 * time.Second

// connSet holds the connections of a server, so that they can be closed when it
// goes down. Its zero value is empty and ready.
type connSet struct {
	mu    sync.Mutex
	conns map[*conn.Conn]struct{}
	empty chan struct{} // made by drain; closed once no connection is left
}

// serve has c driven by h, as c.Serve does, and holds it until it has ended.
func (s *connSet) serve(c *conn.Conn, h conn.Hooks) {
	s.add(c)
	if c.Serve(held{h, s}) != nil { // it has ended already
		s.remove(c)
	}
}

// held is the hooks of a connection of a connSet.
type held struct {
	conn.Hooks
	set *connSet
}

// OnClose implements conn.Hooks.
func (h held) OnClose(c *conn.Conn, e *conn.CloseError) {
	defer h.set.remove(c)
	h.Hooks.OnClose(c, e)
}

func (s *connSet) add(c *conn.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = make(map[*conn.Conn]struct{})
	}
	s.conns[c] = struct{}{}
	if s.empty != nil {
		go goAway(c) // it came too late
	}
}

func (s *connSet) remove(c *conn.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.empty != nil && len(s.conns) == 0 {
		s.signalEmpty()
	}
}

// signalEmpty closes empty, once. mu is held.
func (s *connSet) signalEmpty() {
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}

// drain closes all connections with CodeGoingAway and waits until they have
// ended, for limit at most; then it drops the rest. It is called once.
func (s *connSet) drain(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-s.closeAll():
		return
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Abort()
	}
}

// closeAll begins to close all connections, and returns a channel that is closed
// when none is left.
func (s *connSet) closeAll() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty = make(chan struct{})
	for c := range s.conns {
		go goAway(c) // a peer that takes nothing must not hold up the others
	}
	if len(s.conns) == 0 {
		s.signalEmpty()
	}
	return s.empty
}

// goAway closes a connection because its server goes down (RFC 6455 §7.4.1).
func goAway(c *conn.Conn) {
	c.Close(context.Background(), conn.CodeGoingAway, "server shutting down") // OnClose is told of it
}
