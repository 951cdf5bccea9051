package conn_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// simMaxMessage is the longest message in a simulation, in bytes.
const simMaxMessage = 20_000

// simWay is how a peer's script ends.
type simWay int

const (
	simClose  simWay = iota // with a Close
	simBreak                // with a violation
	simTooBig               // with a message that is too long
	simEOF                  // without a Close
	simCut                  // in the middle of a frame
	simReset                // with a reset
	simLeave                // the server leaves at some moment
	simFail                 // the server's hook fails
	simMute                 // with a violation, and then the peer never goes
	simIdle                 // with nothing
	simWays
)

// simScript is what a peer sends, and what must come of it.
type simScript struct {
	way      simWay
	wire     []byte
	messages []string // in order
	pings    []string
	fails    int  // the message at which the hook fails; 0: none
	answers  bool // the peer answers our Close
}

// newSimScript draws a script.
func newSimScript(g *rand.Rand, n int) simScript {
	s := simScript{way: simWay(g.IntN(int(simWays))), answers: g.IntN(3) > 0}
	for i := range g.IntN(30) {
		s.message(g, fmt.Sprintf("%d.%d:", n, i))
		if g.IntN(4) == 0 {
			s.ping(fmt.Sprintf("p%d", i))
		}
	}
	switch s.way {
	case simClose:
		s.wire = append(s.wire, whole(frame.Close, "\x0f\xa1bye")...) // 4001
	case simBreak, simMute:
		s.wire = append(s.wire, whole(3, "")...)
	case simTooBig:
		s.wire = append(s.wire, whole(frame.Binary, strings.Repeat("x", simMaxMessage+1))...)
	case simCut:
		b := whole(frame.Binary, "never whole")
		s.wire = append(s.wire, b[:1+g.IntN(len(b)-1)]...)
	case simFail:
		s.fails = 1 + g.IntN(len(s.messages)+1)
	}
	return s
}

// message adds a message in some fragments, with pings between.
func (s *simScript) message(g *rand.Rand, prefix string) {
	size := g.IntN(300)
	if g.IntN(6) == 0 {
		size = g.IntN(simMaxMessage - 100)
	}
	text := prefix + strings.Repeat("m", size)
	s.messages = append(s.messages, text)
	op := []frame.Opcode{frame.Text, frame.Binary}[g.IntN(2)]
	for g.IntN(3) == 0 {
		cut := g.IntN(len(text) + 1)
		s.wire = append(s.wire, masked(frame.Header{Opcode: op}, text[:cut])...)
		text, op = text[cut:], frame.Continuation
		if g.IntN(3) == 0 {
			s.ping(fmt.Sprintf("between %d", len(s.pings)))
		}
	}
	s.wire = append(s.wire, masked(frame.Header{Fin: true, Opcode: op}, text)...)
}

func (s *simScript) ping(payload string) {
	s.pings = append(s.pings, payload)
	s.wire = append(s.wire, whole(frame.Ping, payload)...)
}

// simSeen is what a peer has got of a server.
type simSeen struct {
	messages, pongs []string
	closed          bool
	code            conn.Code
}

// seenOn reads a server's frames, as they stand on the wire; the last may be cut.
func seenOn(t *testing.T, wire []byte) (seen simSeen) {
	t.Helper()
	for len(wire) >= 2 {
		first, n := wire[0], int(wire[1])
		head := 2
		switch n {
		case 126:
			head = 4
		case 127:
			head = 10
		}
		if len(wire) < head {
			return seen
		}
		switch head {
		case 4:
			n = int(binary.BigEndian.Uint16(wire[2:]))
		case 10:
			n = int(binary.BigEndian.Uint64(wire[2:]))
		}
		if first&0x70 != 0 || n < 0 || wire[1]&0x80 != 0 || seen.closed {
			t.Errorf("a frame that begins with % x, after a Close: %t", wire[:2], seen.closed)
			return seen
		}
		if len(wire) < head+n {
			return seen
		}
		payload := string(wire[head : head+n])
		wire = wire[head+n:]
		switch first {
		case 0x81, 0x82:
			seen.messages = append(seen.messages, payload)
		case 0x8a:
			seen.pongs = append(seen.pongs, payload)
		case 0x88:
			seen.closed, seen.code = true, conn.CodeNoStatus
			if n >= 2 {
				seen.code = conn.Code(payload[0])<<8 | conn.Code(payload[1])
			}
		default:
			t.Errorf("a frame that begins with %#02x", first)
		}
	}
	return seen
}

// closedOnWire reports whether a server's Close frame has gone out.
func closedOnWire(wire []byte) bool { return seenOn(new(testing.T), wire).closed }

// check holds what happened to what must.
func (c *simConn) check(t *testing.T, n int) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Errorf("connection %d, way %d: %s", n, c.script.way, fmt.Sprintf(format, args...))
	}
	seen := seenOn(t, c.socket.out)
	if c.opens != 1 || c.closes != 1 || c.socket.closed != 1 {
		bad("OnOpen %d times, OnClose %d, Close of the socket %d", c.opens, c.closes, c.socket.closed)
	}
	if !isPrefix(c.got, c.script.messages) {
		bad("the hook got %.80q of %d", c.got, len(c.script.messages))
	}
	if !isPrefix(seen.messages, c.got) {
		bad("%d messages came back of %d, not in order or not as they were", len(seen.messages), len(c.got))
	}
	if !isPrefix(seen.pongs, c.script.pings) {
		bad("pongs %q for pings %q", seen.pongs, c.script.pings)
	}
	if c.end == nil {
		return
	}
	c.checkEnd(seen, bad)
}

// checkEnd holds the end to the script: the code that OnClose was told is the truth, and
// where all was said in order, all was answered before.
func (c *simConn) checkEnd(seen simSeen, bad func(string, ...any)) {
	code, remote := c.end.Code, c.end.Remote
	all := len(c.got) == len(c.script.messages) && len(seen.messages) == len(c.got)
	inOrder := func(want conn.Code) {
		if code != want || !all || !seen.closed || seen.code != want {
			bad("ended with %v; Close %t %v, %d of %d messages answered; want %v", c.end, seen.closed, seen.code, len(seen.messages), len(c.script.messages), want)
		}
	}
	switch c.script.way {
	case simClose:
		if inOrder(4001); !remote {
			bad("ended with %v, want the peer's", c.end)
		}
	case simBreak, simMute:
		if inOrder(conn.CodeProtocolError); errors.Is(c.end, conn.ErrCloseTimeout) {
			bad("ended with %v: a peer that doesn't go is waited for too long", c.end)
		}
	case simIdle:
		if inOrder(conn.CodeGoingAway); !errors.Is(c.end, conn.ErrReadTimeout) {
			bad("ended with %v, want a read timeout", c.end)
		}
	case simTooBig:
		inOrder(conn.CodeMessageTooBig)
	case simEOF, simCut:
		if code != conn.CodeAbnormal || seen.closed || !all {
			bad("ended with %v, Close %t, %d of %d messages, %d answered", c.end, seen.closed, len(c.got), len(c.script.messages), len(seen.messages))
		}
	case simReset:
		if code != conn.CodeAbnormal || seen.closed {
			bad("ended with %v, Close %t", c.end, seen.closed)
		}
	case simLeave:
		if code != conn.CodeGoingAway || remote || !seen.closed || seen.code != code || len(seen.messages) != len(c.got) {
			bad("ended with %v, Close %t %v, %d of %d answered", c.end, seen.closed, seen.code, len(seen.messages), len(c.got))
		}
	case simFail:
		failed := len(c.got) == c.script.fails
		switch {
		case failed && (code != conn.CodeInternalError || !errors.Is(c.end, errHook)), !failed && code != conn.CodeAbnormal:
			bad("ended with %v, the hook failed: %t", c.end, failed)
		case failed && (len(seen.messages) != c.script.fails-1 || seen.code != code):
			bad("ended with %v, Close %v, %d answered", c.end, seen.code, len(seen.messages))
		}
	}
}

func isPrefix(p, of []string) bool {
	if len(p) > len(of) {
		return false
	}
	for i := range p {
		if p[i] != of[i] {
			return false
		}
	}
	return true
}
