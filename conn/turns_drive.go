package conn

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/frame"
)

// ErrInUse is returned by Drive for a connection on which somebody reads a message
// as a stream, or writes one.
var ErrInUse = errors.New("conn: a message is being read or written as a stream")

// Drive hands the connection to an engine that drives it in turns, by h, as Run
// does on a goroutine: it is how package eventloop takes it over, and of no use to
// others. connect makes a Transport of the connection below, which it then owns;
// if it fails, nothing has happened. Drive waits for reads and writes in progress.
//
// Where connect says drive.ErrTransport, Drive does too, with a Machine of which Run
// is to be called, and nothing else but Leave and Abort.
//
// Errors: what connect returned; ErrTaken; ErrInUse; how the connection ended.
func (c *Conn) Drive(h Hooks, mode drive.Mode, connect func(net.Conn) (drive.Transport, error)) (drive.Machine, error) {
	if err := c.take(byHooks); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = h
	err := c.connectTurns(connect)
	switch {
	case errors.Is(err, drive.ErrTransport):
		return (*machine)(c), drive.ErrTransport
	case err != nil:
		c.reading, c.consumer, c.hooks = false, byCalls, nil
		c.changed()
		return nil, err
	}
	c.inline = mode == drive.Inline
	closeBy := c.timers.closeBy
	c.leaveBlocking()
	c.startTurns(closeBy)
	c.changed()
	return (*machine)(c), nil
}

// connectTurns changes the connection below, while nobody writes. mu is held, and
// given up while waiting.
func (c *Conn) connectTurns(connect func(net.Conn) (drive.Transport, error)) error {
	for c.flushing && c.end == nil {
		c.wait()
	}
	switch {
	case c.end != nil:
		return c.end
	case c.stream != nil || c.writer != nil:
		return ErrInUse
	}
	t, err := connect(c.nc)
	if err != nil {
		return fmt.Errorf("conn: hand over to an engine: %w", err)
	}
	c.t = t
	return nil
}

// leaveBlocking gives up what only goroutines that wait need. mu is held.
func (c *Conn) leaveBlocking() {
	b := c.blocking
	c.stopTimers()
	b.readWatch.stop()
	b.writeWatch.stop()
	if c.recv.Buffered() > 0 {
		c.early = b.scratch
	} else {
		c.dropScratch()
	}
	if c.recv.Quiet() {
		c.dropReceiver()
	}
	s := *c.seldom
	c.seldom = &nothing
	s.blocking, s.timers, s.clock = nil, nil, timers{}
	if s.waiters == 0 {
		s.cond = nil
	}
	*c.own() = s
	c.disown()
	*b = blocking{}
	blockings.Put(b)
}

// startTurns starts the clock of turns. closeBy is when a closing handshake that is
// under way is given up. mu is held.
func (c *Conn) startTurns(closeBy instant) {
	c.heard = now()
	if closeBy != 0 {
		c.keepTime()
		c.timers.closeBy = closeBy
		c.wakeAt(closeBy)
	}
	c.startPings()
	c.watchSilence()
}

// Run does what drive.Machine promises.
func (m *machine) Run() { (*Conn)(m).runTaken(m.hooks, false) } // OnClose says how it ended

// Leave does what drive.Machine promises.
func (m *machine) Leave(code frame.Code, reason string) {
	(*Conn)(m).sendClose(context.Background(), code, reason) // its error would be ours
}

// Abort does what drive.Machine promises.
func (m *machine) Abort() { (*Conn)(m).Abort() }

// Name does what drive.Machine promises.
func (m *machine) Name() string { return fmt.Sprintf("%T", m.hooks) }
