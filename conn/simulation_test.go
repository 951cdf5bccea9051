package conn_test

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// The simulation drives connections in turns with a scheduler of its own: one
// goroutine, sockets that are slices, and time that goes on when it says so. What
// arrives when, in what pieces, how much the sockets take, when they are lost, and whose
// turn it is, is drawn from a seed: the same seed does the same again, step by step.

// simSocket is the connection below, with all that goes wrong on one.
type simSocket struct {
	w *simulation

	in    []byte // has arrived, and was not read
	eof   bool   // behind in
	lost  bool   // reset
	room  int    // how many bytes it takes at the moment
	out   []byte // what the peer has got, or will
	ended bool   // our direction was closed

	due      bool // a turn is
	reads    bool // bytes that arrive make one due
	awaiting bool // Writable is to be called
	stalled  time.Time
	wake     time.Time
	closed   int
}

func (s *simSocket) RemoteAddr() net.Addr { return simAddr{} }
func (s *simSocket) LocalAddr() net.Addr  { return simAddr{} }

type simAddr struct{}

func (simAddr) Network() string { return "sim" }
func (simAddr) String() string  { return "sim" }

// Read keeps to its contract: fewer bytes than asked for mean that there are no more.
func (s *simSocket) Read(p []byte) (int, error) {
	switch {
	case s.closed > 0:
		s.w.t.Error("Read after Close")
		return 0, net.ErrClosed
	case s.lost:
		return 0, syscall.ECONNRESET
	case len(s.in) > 0:
		n := copy(p, s.in)
		s.in = s.in[n:]
		return n, nil
	case s.eof:
		return 0, io.EOF
	}
	return 0, drive.ErrWouldBlock
}

// Write takes what there is room for.
func (s *simSocket) Write(head, tail []byte, _ bool) (int, error) {
	all := len(head) + len(tail)
	switch {
	case s.closed > 0 || s.ended:
		s.w.t.Errorf("Write after the end of our direction (closed %d times)", s.closed)
		return 0, net.ErrClosed
	case s.lost:
		return 0, syscall.EPIPE
	case s.room == 0:
		return 0, drive.ErrWouldBlock
	}
	n := min(all, s.room, 1+s.w.g.IntN(all+1)) // a short write, now and then
	s.room -= n
	s.out = append(s.out, head[:min(n, len(head))]...)
	s.out = append(s.out, tail[:max(0, n-len(head))]...)
	return n, nil
}

func (s *simSocket) AwaitWrite() { s.awaiting, s.stalled = true, time.Now() }
func (s *simSocket) CloseWrite() { s.ended = true }
func (s *simSocket) Shutdown()   { s.ended, s.eof = true, true }
func (s *simSocket) Close()      { s.closed++ }
func (s *simSocket) Attend()     { s.due = true }
func (s *simSocket) WakeAt(at time.Time) {
	if s.wake.IsZero() || at.Before(s.wake) {
		s.wake = at
	}
}

// simConn is a connection, its peer, and what both have seen.
type simConn struct {
	socket  *simSocket
	machine drive.Machine
	script  simScript
	rest    []byte // what the peer is still to send
	over    bool

	opens, closes int
	got           []string // messages that the hook was given
	end           *conn.CloseError
	left          bool // we were told to leave
}

func (c *simConn) OnOpen(*conn.Conn) error { c.opens++; return nil }

func (c *simConn) OnMessage(ws *conn.Conn, op conn.Opcode, p []byte) error {
	c.got = append(c.got, string(p))
	if c.script.fails == len(c.got) {
		return errHook
	}
	return ws.Write(ws.Context(), op, p)
}

func (c *simConn) OnClose(_ *conn.Conn, e *conn.CloseError) { c.closes++; c.end = e }

// simulation is a world of connections.
type simulation struct {
	t     *testing.T
	g     *rand.Rand
	conns []*simConn
	space drive.Workspace
	steps int
}

// simulate runs a world from its beginning to its end.
func simulate(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		w := &simulation{t: t, g: rand.New(rand.NewPCG(seed, 1))}
		w.space.Scratch = make([]byte, 1+w.g.IntN(2000))
		up := &conn.Upgrader{Config: simConfig()}
		for i := range 1 + w.g.IntN(8) {
			w.add(up, i)
		}
		for w.step() {
		}
		for i, c := range w.conns {
			c.check(t, i)
		}
		if held := up.Buffered(); held != 0 {
			t.Errorf("%d bytes are held by nobody", held)
		}
		if t.Failed() {
			t.Logf("after %d steps, with GODWIT_SEED=%d: add it to testdata/simulation-seeds.txt", w.steps, seed)
		}
	})
}

// simConfig has timeouts that a world can wait for.
func simConfig() conn.Config {
	return conn.Config{CloseTimeout: 5 * time.Second, ReadTimeout: 3 * time.Second, MaxMessageSize: simMaxMessage}
}

// add makes a connection.
func (w *simulation) add(up *conn.Upgrader, n int) {
	w.t.Helper()
	c := &simConn{script: newSimScript(w.g, n), socket: &simSocket{w: w, reads: true, due: true, room: w.g.IntN(100)}}
	c.rest = c.script.wire
	ws, p, _ := acceptRaw(w.t, up, opening())
	m, err := ws.Drive(c, drive.Inline, func(nc net.Conn) (drive.Transport, error) {
		nc.(*memconn.Conn).Abort() // only the handshake was done there
		return c.socket, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.nc.Close()
	c.machine = m
	w.conns = append(w.conns, c)
}

// step does one thing, and reports whether there is more to do.
func (w *simulation) step() bool {
	var alive []*simConn
	for _, c := range w.conns {
		if !c.over {
			alive = append(alive, c)
		}
	}
	if w.steps++; len(alive) == 0 {
		return false
	}
	if w.steps > 200_000 {
		w.t.Errorf("%d connections don't end", len(alive))
		return false
	}
	c := alive[w.g.IntN(len(alive))]
	switch w.g.IntN(8) {
	case 0, 1:
		w.deliver(c)
	case 2:
		w.drainOut(c, 1+w.g.IntN(3000))
	case 3, 4, 5:
		if c.socket.due {
			w.turn(c)
		}
	case 6:
		w.pass(alive)
	case 7:
		if c.script.way == simLeave && !c.left && w.g.IntN(10) == 0 {
			c.left = true
			c.machine.Leave(conn.CodeGoingAway, "leaving")
		}
	}
	return true
}

// deliver has some bytes of the peer's arrive, or what stands behind the last.
func (w *simulation) deliver(c *simConn) {
	s := c.socket
	if s.lost || s.eof || s.closed > 0 {
		return
	}
	if n := min(len(c.rest), 1+w.g.IntN(1500)); n > 0 {
		s.in = append(s.in, c.rest[:n]...)
		c.rest = c.rest[n:]
	} else if c.answersClose() {
		c.rest = whole(8, "\x03\xe8")
		return
	} else if c.script.way == simReset {
		s.lost, s.in = true, nil
	} else if c.goes() {
		s.eof = true
	}
	if s.reads {
		s.due = true
	}
}

// goes reports whether the peer closes its direction once it has said all.
func (c *simConn) goes() bool {
	switch c.script.way {
	case simMute:
		return false
	case simLeave, simIdle:
		return closedOnWire(c.socket.out)
	}
	return true
}

// answersClose reports, once, that the peer is to answer our Close.
func (c *simConn) answersClose() bool {
	if c.script.answers && closedOnWire(c.socket.out) {
		c.script.answers = false
		return true
	}
	return false
}

// drainOut has the socket take some more bytes.
func (w *simulation) drainOut(c *simConn, n int) {
	s := c.socket
	s.room = min(s.room+n, 5000)
	if s.awaiting && s.closed == 0 {
		s.awaiting = false
		c.machine.Writable()
	}
}

// turn calls Turn, as an engine does.
func (w *simulation) turn(c *simConn) {
	s := c.socket
	s.due, s.reads = false, false
	switch c.machine.Turn(&w.space) {
	case drive.Drained, drive.Unread:
		s.reads = true
		s.due = s.due || len(s.in) > 0 || s.eof || s.lost
	case drive.More:
		s.due = true
	case drive.Over:
		c.over = true
	}
}

// pass lets time go on, and calls what is due. Nobody is stalled for so long that the
// connection would be given up.
func (w *simulation) pass(alive []*simConn) {
	time.Sleep(time.Duration(w.g.IntN(20_000)) * time.Microsecond)
	now := time.Now()
	for _, c := range alive {
		s := c.socket
		if !s.wake.IsZero() && !now.Before(s.wake) {
			s.wake = time.Time{}
			c.machine.Tick(now)
		}
		if s.awaiting && now.Sub(s.stalled) > 2*time.Second {
			w.drainOut(c, 3000)
		}
	}
}

// TestSimulation runs the committed seeds, and then new ones for a while.
func TestSimulation(t *testing.T) {
	committed, err := os.ReadFile("testdata/simulation-seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(committed)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		seed, err := strconv.ParseUint(line, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		simulate(t, seed)
	}
	rounds(t, time.Second, simulate)
}

// The same seed is the same run: without that a failing one would be of no use.
func TestSimulationRepeats(t *testing.T) {
	outcome := func(seed uint64) (steps int, wires string) {
		synctest.Test(t, func(t *testing.T) {
			w := &simulation{t: t, g: rand.New(rand.NewPCG(seed, 1))}
			w.space.Scratch = make([]byte, 1+w.g.IntN(2000))
			up := &conn.Upgrader{Config: simConfig()}
			for i := range 1 + w.g.IntN(8) {
				w.add(up, i)
			}
			for w.step() {
			}
			for _, c := range w.conns {
				wires += string(c.socket.out)
			}
			steps = w.steps
		})
		return steps, wires
	}
	for seed := range uint64(20) {
		steps, wires := outcome(seed)
		if again, same := outcome(seed); again != steps || same != wires {
			t.Errorf("seed %d: %d steps and then %d, the same bytes: %t", seed, steps, again, wires == same)
		}
	}
}
