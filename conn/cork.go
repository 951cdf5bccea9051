package conn

import (
	"context"
	"sync"
	"time"
)

// corkLimit is how many bytes a cork holds back at the most.
const corkLimit = 64 << 10

// corkTime is how long a cork may hold bytes back while its hook runs.
const corkTime = time.Millisecond

// cork holds output back until uncork, so that all answers to one read leave in
// one write.
func (c *Conn) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked, c.answered = true, false
	c.corkRoom = min(c.recv.Buffered(), corkLimit)
	c.batch++
}

// uncork writes what was held back. For messages it waits, so that a peer that
// doesn't read its answers is not read from either; pongs, and what others have
// queued, it leaves to a goroutine if need be. mu is held, except while writing.
func (c *Conn) uncork() {
	c.corked = false
	if !c.answered {
		c.flushReplies()
		return
	}
	if c.out == nil || c.flushing || c.brokenWrite() != nil {
		return
	}
	c.flushing = true
	c.writeOut(context.Background(), nil) // its error is in the state
	if !c.queue.empty() {
		c.goFlush()
		return
	}
	c.carry()
}

// watchCork makes sure that what the cork holds back leaves soon, even if the
// hook that runs takes its time. mu is held.
func (c *Conn) watchCork() {
	if c.t == nil && !c.swept {
		c.swept = true
		c.sweep.add(c, c.batch)
	}
}

// sweeper flushes the corks of hooks that are still running after corkTime. It is
// part of an engine value (Upgrader, Dialer). Its timer runs only while a cork
// has been used lately: there is no goroutine to stop.
type sweeper struct {
	mu    sync.Mutex
	corks []watchedCork
	spare []watchedCork
	timer *time.Timer
	armed bool
}

// watchedCork is a connection, with the cork it had when it was added.
type watchedCork struct {
	c     *Conn
	batch uint32
}

// add has c looked at after corkTime. c.mu is held.
func (s *sweeper) add(c *Conn, batch uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corks = append(s.corks, watchedCork{c, batch})
	if s.armed {
		return
	}
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(corkTime, s.run)
	} else {
		s.timer.Reset(corkTime)
	}
}

// run looks at all corks once.
func (s *sweeper) run() {
	s.mu.Lock()
	corks := s.corks
	s.corks, s.spare = s.spare[:0], nil
	s.armed = false
	s.mu.Unlock()
	for i, w := range corks {
		w.c.sweepCork(w.batch)
		corks[i] = watchedCork{}
	}
	s.mu.Lock()
	s.spare = corks
	s.mu.Unlock()
}

// sweepCork flushes c's output if the same cork still holds it back. It doesn't
// wait for the peer.
func (c *Conn) sweepCork(batch uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.swept = false
	if !c.corked || c.out == nil || c.flushing || c.brokenWrite() != nil {
		return
	}
	if c.batch != batch {
		c.watchCork()
		return
	}
	c.startFlush()
}
