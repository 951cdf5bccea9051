package conformance

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// Times that a peer waits.
const (
	patience     = 20 * time.Second      // for an answer, however busy the machine
	bulkPatience = 30 * time.Second      // for one in a case that moves megabytes
	endWithin    = 3 * time.Second       // for the end of the connection after the Close frames
	goneWithin   = 10 * time.Second      // for the same where our own direction stays open
	lull         = 15 * time.Millisecond // for something that must not come
)

// role is the part that the peer plays; the endpoint under test has the other.
type role int

const (
	client role = iota
	server
)

// peer is the scripted end of a connection. Its methods are the steps of a
// script. The first step that fails sets err, and those after it do nothing.
type peer struct {
	nc    net.Conn
	r     *bufio.Reader
	role  role
	codec *codec        // nil unless compression was agreed on
	wait  time.Duration // for an answer
	chop  int           // short writes are cut into pieces of so many bytes, if not 0
	keys  *rand.Rand

	err      error
	trace    trace
	lastKey  [4]byte // of the last frame received
	masked   bool    // a frame with lastKey was received
	owed     int     // bytes announced in the last frame and not sent
	closed   bool    // we have sent a Close frame
	assembly *event  // the message that is being received
}

func newPeer(nc net.Conn, role role) *peer {
	return &peer{
		nc:   nc,
		r:    bufio.NewReaderSize(nc, 64<<10),
		role: role,
		wait: patience,
		keys: rand.New(rand.NewPCG(1, 2)), // a repeatable run matters more here than a secret key
	}
}

// fail ends the script.
func (p *peer) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// within sets the time for the steps that follow.
func (p *peer) within(d time.Duration) { p.nc.SetDeadline(time.Now().Add(d)) }

// maxChopped is the longest write that peer.chop cuts.
const maxChopped = 4096

// write writes b in pieces of chop bytes; 0 means in one.
func (p *peer) write(b []byte, chop int) {
	if p.err != nil {
		return
	}
	p.within(p.wait)
	if p.chop != 0 && len(b) <= maxChopped {
		chop = p.chop
	}
	if chop == 0 {
		chop = len(b)
	}
	for len(b) > 0 {
		n := min(chop, len(b))
		if _, err := p.nc.Write(b[:n]); err != nil {
			p.fail("write: %w", err)
			return
		}
		b = b[n:]
	}
}

// shutdown ends our direction of the connection.
func (p *peer) shutdown() {
	if half, ok := p.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() // a peer that has gone entirely is seen by the read that follows
	}
}
