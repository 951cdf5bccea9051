package memconn_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

// halfCloser is what these tests need beyond net.Conn.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// conforming runs a test over a pair of this package and over one of loopback TCP: what is asserted
// holds for both, so one can stand for the other.
func conforming(t *testing.T, test func(t *testing.T, a, b halfCloser)) {
	t.Run("memory", func(t *testing.T) {
		a, b := pipe(t)
		test(t, a, b)
	})
	t.Run("tcp", func(t *testing.T) {
		a, b := loopback(t)
		test(t, a, b)
	})
}

// loopback returns the two ends of a TCP connection, closed when the test ends.
func loopback(t *testing.T) (a, b halfCloser) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	x, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	y, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { y.Close() })
	return x.(*net.TCPConn), y.(*net.TCPConn)
}

// TestConformsBasicIO sends megabytes through both directions at once, in writes of random sizes, and
// ends each with a half close.
func TestConformsBasicIO(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	conforming(t, func(t *testing.T, a, b halfCloser) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		want := make([]byte, 4<<20)
		for i := range want {
			want[i] = byte(rnd.Uint32())
		}
		var wg sync.WaitGroup
		for _, c := range []halfCloser{a, b} {
			sizes := rand.New(rand.NewPCG(seed, 1))
			wg.Go(func() {
				defer c.CloseWrite()
				for p := want; len(p) > 0; {
					n, err := c.Write(p[:min(len(p), 1+sizes.IntN(200_000))])
					if err != nil {
						t.Errorf("write: %v", err)
						return
					}
					p = p[n:]
				}
			})
			wg.Go(func() {
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
					t.Errorf("read %d bytes, %v; want the %d that were written", len(got), err, len(want))
				}
			})
		}
		wg.Wait()
	})
}

func TestConformsPingPong(t *testing.T) {
	conforming(t, func(t *testing.T, a, b halfCloser) {
		go io.Copy(b, b)
		p := make([]byte, 8)
		for i := range byte(200) {
			a.Write(bytes.Repeat([]byte{i}, 8))
			if _, err := io.ReadFull(a, p); err != nil || p[7] != i {
				t.Fatalf("round %d: %v, %v", i, p, err)
			}
		}
	})
}

// TestConformsErrors walks through states of a connection; at each, what calls give has one cause.
func TestConformsErrors(t *testing.T) {
	past := time.Unix(1, 0)
	read := func(c halfCloser) error { _, err := c.Read(make([]byte, 1)); return err }
	write := func(c halfCloser) error { _, err := c.Write([]byte("x")); return err }
	emptyRead := func(c halfCloser) error { _, err := c.Read(nil); return err }
	closeIt := func(c halfCloser) error { return c.Close() }
	closeWrite := func(c halfCloser) error { return c.CloseWrite() }
	setDeadline := func(c halfCloser) error { return c.SetDeadline(past) }
	setNone := func(c halfCloser) error { return c.SetDeadline(time.Time{}) }
	type step struct {
		what string
		do   func(halfCloser) error
		want error
	}
	tests := []struct {
		name  string
		setup func(a, b halfCloser) // a is then put through the steps
		steps []step
	}{
		{"closed", func(a, b halfCloser) { a.Close() }, []step{
			{"read", read, net.ErrClosed}, {"empty read", emptyRead, net.ErrClosed}, {"write", write, net.ErrClosed},
			{"close", closeIt, net.ErrClosed}, {"close write", closeWrite, net.ErrClosed}, {"deadline", setDeadline, net.ErrClosed},
		}},
		{"half-closed", func(a, b halfCloser) { a.CloseWrite(); b.Write([]byte("x")) }, []step{
			{"write", write, syscall.EPIPE}, {"read", read, nil}, {"close", closeIt, nil}, {"close again", closeIt, net.ErrClosed},
		}},
		{"past-deadline", func(a, b halfCloser) { b.Write([]byte("x")); a.SetDeadline(past) }, []step{
			{"read", read, os.ErrDeadlineExceeded}, {"empty read", emptyRead, nil}, {"write", write, os.ErrDeadlineExceeded},
			{"no deadline", setNone, nil}, {"read", read, nil}, {"write", write, nil},
		}},
		{"peer-closed-past-deadline", func(a, b halfCloser) { b.Close(); a.SetDeadline(past) }, []step{
			{"read", read, os.ErrDeadlineExceeded}, {"no deadline", setNone, nil}, {"read", read, io.EOF}, {"again", read, io.EOF},
		}},
		{"peer-half-closed", func(a, b halfCloser) { b.Write([]byte("x")); b.CloseWrite() }, []step{
			{"read", read, nil}, {"read the end", read, io.EOF}, {"write", write, nil}, {"close", closeIt, nil},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conforming(t, func(t *testing.T, a, b halfCloser) {
				tt.setup(a, b)
				for _, s := range tt.steps {
					if err := s.do(a); !errors.Is(err, s.want) {
						t.Errorf("%s: %v, want %v", s.what, err, s.want)
					}
				}
			})
		})
	}
}

// TestConformsFutureDeadline: a blocked call ends with the deadline, not before, and can be resumed.
func TestConformsFutureDeadline(t *testing.T) {
	conforming(t, func(t *testing.T, a, b halfCloser) {
		const wait = 20 * time.Millisecond
		start := time.Now()
		a.SetDeadline(start.Add(wait))
		_, err := a.Read(make([]byte, 1))
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("read: %v, want a timeout", err)
		}
		var sent int
		for err = nil; err == nil; {
			var n int
			n, err = a.Write(make([]byte, 1<<20))
			sent += n
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v, want os.ErrDeadlineExceeded", err)
		}
		if took := time.Since(start); took < wait {
			t.Errorf("took %v, want at least %v", took, wait)
		}
		a.SetDeadline(time.Time{})
		a.CloseWrite()
		if n, err := io.Copy(io.Discard, b); int(n) != sent || err != nil {
			t.Errorf("peer read %d bytes, %v; the writes said %d", n, err, sent)
		}
	})
}

// TestConformsConcurrentUse calls everything from everywhere while the connection is closed. It is the
// race detector's, and must end.
func TestConformsConcurrentUse(t *testing.T) {
	conforming(t, func(t *testing.T, a, b halfCloser) {
		var wg sync.WaitGroup
		var met sync.WaitGroup // all have made progress before the connection is closed
		for _, c := range []halfCloser{a, b} {
			for range 2 {
				met.Add(2)
				wg.Go(func() {
					var once sync.Once
					for p := make([]byte, 1000); ; {
						if _, err := c.Write(p); err != nil {
							return
						}
						once.Do(met.Done)
						runtime.Gosched() // or the other writer may wait for minutes
					}
				})
				wg.Go(func() {
					var once sync.Once
					for p := make([]byte, 999); ; {
						if _, err := c.Read(p); err != nil {
							return
						}
						once.Do(met.Done)
						runtime.Gosched()
					}
				})
				wg.Go(func() {
					for range 100 {
						c.SetDeadline(time.Now().Add(time.Hour))
						c.SetReadDeadline(time.Time{})
						c.SetWriteDeadline(time.Time{})
						_, _ = c.LocalAddr().String(), c.RemoteAddr().String()
					}
				})
			}
		}
		met.Wait()
		var closed [4]error
		for i := range closed {
			wg.Go(func() { closed[i] = []halfCloser{a, b}[i%2].Close() })
		}
		wg.Wait()
		for i := range 2 {
			if (closed[i] == nil) == (closed[i+2] == nil) {
				t.Errorf("two concurrent Close calls gave %v and %v, want one success", closed[i], closed[i+2])
			}
		}
	})
}

// TestConcurrentAbort is the same with the connection lost.
func TestConcurrentAbort(t *testing.T) {
	a, b := pipe(t)
	var wg sync.WaitGroup
	read := make(chan struct{}, 1)
	for _, c := range []*memconn.Conn{a, b} {
		wg.Go(func() {
			_, err := io.Copy(io.Discard, readNotifier{c, read})
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("read: %v, want ECONNRESET", err)
			}
		})
		wg.Go(func() {
			for p := make([]byte, 70_000); ; {
				if _, err := c.Write(p); err != nil {
					if !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("write: %v, want ECONNRESET", err)
					}
					return
				}
			}
		})
	}
	<-read
	wg.Go(a.Abort)
	wg.Go(b.Abort)
	wg.Wait()
}

// readNotifier tells a channel, if it listens, that something was read.
type readNotifier struct {
	r    io.Reader
	read chan<- struct{}
}

func (r readNotifier) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	select {
	case r.read <- struct{}{}:
	default:
	}
	return n, err
}
