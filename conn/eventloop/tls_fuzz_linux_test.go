package eventloop_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// FuzzTLS: in whatever pieces a loop reads the records of TLS, messages come out whole
// and in order; and when a byte of them was changed on the way, nothing that was
// sealed in its record or behind comes out, and the connection ends once.
func FuzzTLS(f *testing.F) {
	for setup := range byte(8) {
		f.Add([]byte{0}, []byte{1, 11, 130}, setup, uint16(0))
		f.Add([]byte{0, 4, 2, 255, 3}, []byte{0, 128, 200, 1}, setup, uint16(2500))
	}
	inline := newRig(f, eventloop.Config{Loops: 1, Inline: true}).engine
	pooled := newRig(f, eventloop.Config{Loops: 1}).engine
	f.Fuzz(func(t *testing.T, cuts, sizes []byte, setup byte, changed uint16) {
		s := &tlsSession{t: t, engine: pooled, version: tls.VersionTLS12, changed: -1}
		if setup&1 != 0 {
			s.engine = inline
		}
		if setup&2 != 0 {
			s.version = tls.VersionTLS13
		}
		if setup&4 != 0 {
			s.changed = int(changed)
		}
		for _, n := range sizes[:min(len(sizes), 6)] {
			s.messages = append(s.messages, bytes.Repeat([]byte{'a' + n%26}, int(n)*int(n)))
		}
		s.run(cuts)
	})
}

// tlsSession is one connection whose client's bytes are cut.
type tlsSession struct {
	t        *testing.T
	engine   *eventloop.Engine
	version  uint16
	changed  int // which byte of the client's is another one on the way; -1 for none
	messages [][]byte

	before int // messages that were sent before the changed byte
	seen   int // messages that the server got
	ends   chan *conn.CloseError
}

func (s *tlsSession) OnOpen(*conn.Conn) error { return nil }

func (s *tlsSession) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	if s.seen >= len(s.messages) || !bytes.Equal(p, s.messages[s.seen]) {
		s.t.Errorf("message %d has %d bytes that weren't sent", s.seen, len(p))
	}
	s.seen++
	return c.Write(context.Background(), op, p)
}

func (s *tlsSession) OnClose(_ *conn.Conn, e *conn.CloseError) { s.ends <- e }

func (s *tlsSession) run(cuts []byte) {
	s.ends = make(chan *conn.CloseError, 1)
	ours, theirs := s.sockets()
	defer theirs.Close()
	accepted := make(chan error, 1)
	go func() {
		up := new(conn.Upgrader)
		if s.changed >= 0 {
			up.Config.HandshakeTimeout = time.Second / 4 // a record may seem longer than it is
		}
		c, err := up.Accept(context.Background(), eventloop.TLSServer(ours, certified()))
		if err == nil {
			err = s.engine.Attach(c, s)
		}
		accepted <- err
	}()
	wire := &cutting{UnixConn: theirs, cuts: cuts, changed: s.changed}
	err := s.client(wire)
	intact := s.changed < 0
	if intact && err != nil {
		s.t.Fatalf("the client's end: %v", err)
	}
	theirs.CloseWrite() // a server that waits for the rest of a record needn't wait longer
	if err := next(s.t, accepted, "end of the handshake"); err != nil {
		if intact {
			s.t.Errorf("the server's end: %v", err)
		}
		return
	}
	e := next(s.t, s.ends, "OnClose")
	if intact != (e.Code == conn.CodeNormal) || intact && s.seen != len(s.messages) {
		s.t.Errorf("OnClose was told %v after %d of %d messages; byte %d changed", e, s.seen, len(s.messages), s.changed)
	}
	if !intact && s.seen > s.before {
		s.t.Errorf("%d messages came, though byte %d, of number %d, was changed", s.seen, s.changed, s.before)
	}
}

// sockets returns the ends of a connection. Ours has a small send buffer, so that
// sealed bytes have to wait.
func (s *tlsSession) sockets() (ours, theirs *net.UnixConn) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, 1) // at least what the system allows
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "")
		nc, err := net.FileConn(file)
		file.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		ends[i] = nc.(*net.UnixConn)
	}
	return ends[0], ends[1]
}

// client sends all messages, wants them back, and closes.
func (s *tlsSession) client(wire *cutting) error {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: s.version, MaxVersion: s.version}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	d := conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return tls.Client(wire, cfg), nil }}
	c, err := d.Dial(ctx, "ws://a.example/")
	if err != nil {
		return err
	}
	defer c.Abort()
	sent := make(chan error, 1)
	go func() { sent <- s.send(ctx, c, wire) }()
	if s.changed >= 0 {
		c.DiscardReads() // what is lost isn't answered
		return <-sent
	}
	for i, p := range s.messages {
		if _, q, err := c.Read(ctx); err != nil {
			return err
		} else if !bytes.Equal(p, q) {
			s.t.Errorf("message %d came back as %d bytes", i, len(q))
		}
	}
	if err := <-sent; err != nil {
		return err
	}
	return c.Close(ctx, conn.CodeNormal, "")
}

// send sends all messages.
func (s *tlsSession) send(ctx context.Context, c *conn.Conn, wire *cutting) error {
	if wire.past(s.changed) {
		s.before = len(s.messages) // TLS doesn't protect all of its handshake
	}
	for _, p := range s.messages {
		if err := c.Write(ctx, conn.Binary, p); err != nil {
			return err
		}
		if !wire.past(s.changed) {
			s.before++
		}
	}
	return nil
}

// cutting is a connection whose writes are cut into pieces that the other end reads
// one by one.
type cutting struct {
	*net.UnixConn
	cuts    []byte
	changed int
	sent    atomic.Int64
	pieces  int
}

// manyPieces is from how many pieces on the rest goes as it is, for the time it takes.
const manyPieces = 500

func (c *cutting) Write(p []byte) (int, error) {
	q := bytes.Clone(p)
	if i := c.changed - int(c.sent.Add(int64(len(q)))) + len(q); i >= 0 && i < len(q) {
		q[i] ^= 1
	}
	for len(q) > 0 {
		n := min(c.piece(), len(q))
		if _, err := c.UnixConn.Write(q[:n]); err != nil {
			return 0, err
		}
		if err := c.awaitRead(); err != nil {
			return 0, err
		}
		q = q[n:]
	}
	return len(p), nil
}

// past says whether byte i was sent.
func (c *cutting) past(i int) bool { return c.sent.Load() > int64(i) }

// piece returns how long the next piece is.
func (c *cutting) piece() int {
	if len(c.cuts) == 0 || c.pieces > manyPieces {
		return 1 << 20
	}
	n := int(c.cuts[c.pieces%len(c.cuts)])
	c.pieces++
	return 1 + n*n/4
}

// awaitRead returns when the other end has read everything.
func (c *cutting) awaitRead() error {
	raw, err := c.SyscallConn()
	for deadline := time.Now().Add(patience); err == nil; runtime.Gosched() {
		waiting := 0
		if e := raw.Control(func(fd uintptr) { waiting, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) }); e != nil {
			return e
		}
		if waiting == 0 || time.Now().After(deadline) {
			break
		}
	}
	return err
}
