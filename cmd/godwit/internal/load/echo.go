package load

import (
	"errors"
	"os"
	"time"
)

// simplexBytes is how many bytes may be in flight on a connection that one
// goroutine drives: so many fit in the buffers of any system on the way there and
// back, and a write can't wait for a server that waits for us to read.
const simplexBytes = 32 << 10

// closedLoop starts what echoes in a closed loop.
func (r *run) closedLoop(c *crew) {
	for i, l := range r.links {
		m := &r.meters[i%len(r.meters)]
		send := l.send
		if len(r.deck.frames(0, r.cfg.Depth)) > simplexBytes {
			more := make(chan int, r.cfg.Depth) // never full
			c.run(func() error { return sendMore(l, more) })
			send = func(n int) error { more <- n; return nil }
			c.run(func() error {
				defer close(more)
				return stalled(r.echo(l, m, send))
			})
			continue
		}
		c.run(func() error { return stalled(r.echo(l, m, send)) })
	}
}

// sendMore sends as many messages as it is told to.
func sendMore(l *link, more <-chan int) error {
	for n := range more {
		if err := l.send(n); err != nil {
			return stalled(err)
		}
	}
	return nil
}

// stalled makes errStalled of the deadline that is set for the end of a run.
func stalled(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errStalled
	}
	return err
}

// echo keeps Depth messages in flight until the time is over, and waits for the
// last of them.
func (r *run) echo(l *link, m *meter, send func(n int) error) error {
	depth := r.cfg.Depth
	sent := make([]time.Duration, depth) // a ring, by message
	now := r.clock.now()
	for i := range sent {
		sent[i] = now
	}
	if err := send(depth); err != nil {
		return err
	}
	for got, inFlight := 0, depth; inFlight > 0; {
		n, err := l.receive()
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if n > inFlight {
			return l.recv.wrong("nothing had been asked")
		}
		now := r.clock.now()
		m.arrived(&r.clock, now, n, false, func(i int) time.Duration { return sent[(got+i)%depth] })
		for i := range n {
			sent[(got+i)%depth] = now
		}
		got += n
		inFlight -= n
		if now < r.clock.end {
			inFlight += n
			if err := send(n); err != nil {
				return err
			}
		}
	}
	return nil
}
