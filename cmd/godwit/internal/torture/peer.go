package torture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// role is the part that the hostile peer plays; the endpoint under test has the
// other.
type role int

const (
	client role = iota
	server
)

// Times that the peer waits, however busy the machine is.
const (
	patience = 10 * time.Second       // for what must come, unless Options say otherwise
	lull     = 100 * time.Millisecond // for what must not come
	margin   = 3 * time.Second        // past a timeout of the endpoint's

	splitPause = 2 * time.Millisecond // so that what was cut arrives in two pieces
)

// peer is the hostile end of a connection. Its methods are the steps of a script:
// the first that fails sets err, and those after it do nothing.
type peer struct {
	env *environment
	nc  net.Conn
	tcp *net.TCPConn // below nc
	r   *bufio.Reader

	err      error
	taken    bool      // a request that was to be refused was accepted, or an answer is wrong
	inflater *inflater // nil unless compression was agreed on
	deflater *deflater
	message  []byte // what came so far of a message in fragments
	opcode   byte   // its opcode; 0: none
	packed   bool   // it is compressed
}

// environment is what the scripts of a run have in common.
type environment struct {
	ctx    context.Context
	role   role
	target *Target // nil for clients
	o      Options
}

// errSkip ends a script that the endpoint has no part in.
var errSkip = errors.New("not offered by the endpoint")

// weakness is an end that is safe, but leaves the peer in the dark.
type weakness struct{ err error }

func (w *weakness) Error() string { return w.err.Error() }
func (w *weakness) Unwrap() error { return w.err }

func isWeak(err error) bool {
	_, ok := errors.AsType[*weakness](err)
	return ok
}

// fail ends the script.
func (p *peer) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// weak ends the script with the lesser verdict.
func (p *peer) weak(format string, args ...any) {
	if p.err == nil {
		p.err = &weakness{fmt.Errorf(format, args...)}
	}
}

// within sets the time for the steps that follow.
func (p *peer) within(d time.Duration) { p.nc.SetDeadline(time.Now().Add(d)) }

// write writes b. That the endpoint takes no more of it is for the next step to find
// out: it may have had enough, and have said so.
func (p *peer) write(b []byte) (gone bool) {
	if p.err != nil {
		return true
	}
	p.within(p.env.o.Patience)
	_, err := p.nc.Write(b)
	if timedOut(err) {
		p.fail("the endpoint doesn't read: %w", err)
	}
	return err != nil
}

// send writes frames in one write.
func (p *peer) send(frames ...wire) (gone bool) { return p.write(bytesOf(p.env.role, frames...)) }

// dribble writes b a piece at a time with pauses between, as long as the endpoint
// takes it and d lasts.
func (p *peer) dribble(b []byte, size int, pause, d time.Duration) {
	for end := time.Now().Add(d); len(b) > 0 && time.Now().Before(end); {
		n := min(size, len(b))
		if p.write(b[:n]) {
			return
		}
		b = b[n:]
		p.rest(pause)
	}
}

// rest waits.
func (p *peer) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.env.ctx.Done():
		p.fail("%w", context.Cause(p.env.ctx))
	}
}

// shutdown ends our direction of the connection.
func (p *peer) shutdown() {
	if half, ok := p.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() // a peer that has gone entirely is seen by the read that follows
	}
}

// reset drops the connection so that the endpoint gets a reset.
func (p *peer) reset() {
	p.tcp.SetLinger(0)
	p.tcp.Close()
}

// wantGone waits until the connection is over: until d has passed at the most, plus
// margin. Whatever is received before is of no interest.
func (p *peer) wantGone(d time.Duration) {
	if p.err != nil {
		return
	}
	p.within(d + margin)
	if _, err := io.Copy(io.Discard, p.r); timedOut(err) {
		p.fail("the connection is still open %v after its time, %v", margin, d)
	}
}

// wantRefusedWrites waits until the endpoint has let go of the connection though our
// own direction is still open: until what we send is refused.
func (p *peer) wantRefusedWrites(d time.Duration, b []byte) {
	if p.err != nil {
		return
	}
	end := time.Now().Add(d + margin)
	p.nc.SetWriteDeadline(end) // one deadline for all: TLS doesn't outlive a write that timed out
	for time.Now().Before(end) {
		if _, err := p.nc.Write(b); err != nil && !timedOut(err) {
			return
		}
		p.rest(20 * time.Millisecond)
	}
	p.fail("the endpoint still holds the connection %v after its time, %v", margin, d)
}

func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
