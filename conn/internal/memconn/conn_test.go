package memconn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

func ExamplePipe() {
	a, b := memconn.Pipe()
	io.WriteString(a, "hello")
	a.Close() // what was written is still delivered
	got, err := io.ReadAll(b)
	fmt.Println(string(got), err)
	// Output: hello <nil>
}

func ExampleConn_CloseWrite() {
	a, b := memconn.Pipe()
	io.WriteString(a, "question")
	a.(*memconn.Conn).CloseWrite()
	question, _ := io.ReadAll(b)
	fmt.Fprintf(b, "answer to the %s", question)
	b.Close()
	answer, _ := io.ReadAll(a)
	fmt.Println(string(answer))
	// Output: answer to the question
}

func ExampleConn_Abort() {
	a, b := memconn.Pipe()
	io.WriteString(a, "lost")
	a.(*memconn.Conn).Abort()
	_, err := b.Read(make([]byte, 4))
	fmt.Println(err, errors.Is(err, syscall.ECONNRESET))
	// Output: read pipe pipe:2->pipe:1: connection reset by peer true
}

// pipe returns a pair that is closed when the test ends.
func pipe(t testing.TB) (a, b *memconn.Conn) {
	x, y := memconn.Pipe()
	t.Cleanup(func() { x.Close(); y.Close() })
	return x.(*memconn.Conn), y.(*memconn.Conn)
}

// wantErr checks an error that came from op on c: its cause, and that it is a *net.OpError.
func wantErr(t *testing.T, c net.Conn, op string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", op, got, want)
		return
	}
	e, ok := errors.AsType[*net.OpError](got)
	if !ok {
		t.Errorf("%s: a %T, want a *net.OpError", op, got)
		return
	}
	if e.Op != op || e.Net != "pipe" || e.Source != c.LocalAddr() || e.Addr != c.RemoteAddr() {
		t.Errorf("%s: %+v, want the operation and addresses of the connection", op, e)
	}
}

// wantState checks what reads and writes of one end give, without blocking: nil means that io.EOF is
// read, or that a write is taken.
func wantState(t *testing.T, c net.Conn, read, write error) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	if read == nil {
		if n != 0 || err != io.EOF {
			t.Errorf("read: %d, %v; want bare io.EOF", n, err)
		}
	} else {
		wantErr(t, c, "read", err, read)
	}
	n, err = c.Write([]byte("x"))
	if write == nil {
		if n != 1 || err != nil {
			t.Errorf("write: %d, %v; want 1, nil", n, err)
		}
	} else {
		wantErr(t, c, "write", err, write)
	}
}

func TestAddresses(t *testing.T) {
	a, b := pipe(t)
	if a.LocalAddr() != b.RemoteAddr() || a.RemoteAddr() != b.LocalAddr() || a.LocalAddr() == b.LocalAddr() {
		t.Errorf("addresses %v-%v and %v-%v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	if a.LocalAddr().Network() != "pipe" {
		t.Errorf("network %q", a.LocalAddr().Network())
	}
	if host, port, err := net.SplitHostPort(a.RemoteAddr().String()); host != "pipe" || port == "" || err != nil {
		t.Errorf("%s splits into %q, %q, %v", a.RemoteAddr(), host, port, err)
	}
}

func TestEmptyCalls(t *testing.T) {
	a, b := pipe(t)
	if n, err := a.Read(nil); n != 0 || err != nil {
		t.Errorf("empty read: %d, %v", n, err)
	}
	if n, err := a.Write(nil); n != 0 || err != nil {
		t.Errorf("empty write: %d, %v", n, err)
	}
	b.Close()
	_, err := a.Write(nil)
	wantErr(t, a, "write", err, syscall.EPIPE)
	a.Close()
	_, err = a.Read(nil)
	wantErr(t, a, "read", err, net.ErrClosed)
}

// TestWriteBlocksWhenFull: exactly BufferSize bytes go without a reader, and the write that found no
// room goes on as soon as a byte has been read.
func TestWriteBlocksWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		if n, err := a.Write(make([]byte, memconn.BufferSize)); n != memconn.BufferSize || err != nil {
			t.Fatalf("filling the buffer: %d, %v", n, err)
		}
		done := false
		go func() {
			a.Write([]byte("x"))
			done = true
		}()
		synctest.Wait()
		if done {
			t.Error("a write went into a full buffer")
		}
		b.Read(make([]byte, 1))
		synctest.Wait()
		if !done {
			t.Error("the write did not go on when there was room")
		}
	})
}

func TestReadBlocksWhenEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		got := ""
		go func() {
			p := make([]byte, 8)
			n, _ := b.Read(p)
			got = string(p[:n])
		}()
		synctest.Wait()
		io.WriteString(a, "now")
		synctest.Wait()
		if got != "now" {
			t.Errorf("the blocked read gave %q", got)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		io.WriteString(a, "last")
		io.WriteString(b, "never read")
		if err := a.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		p := make([]byte, 8)
		if n, err := b.Read(p); string(p[:n]) != "last" || err != nil {
			t.Errorf("peer read %q, %v; want what was written before Close", p[:n], err)
		}
		wantState(t, b, nil, syscall.EPIPE)
		wantState(t, a, net.ErrClosed, net.ErrClosed)
		wantErr(t, a, "close", a.Close(), net.ErrClosed)
		wantErr(t, a, "close", a.CloseWrite(), net.ErrClosed)
		if err := b.CloseWrite(); err != nil {
			t.Errorf("CloseWrite after the peer's Close: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Errorf("Close after the peer's Close: %v", err)
		}
		wantState(t, b, net.ErrClosed, net.ErrClosed)
	})
}

func TestCloseWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		io.WriteString(a, "x")
		for range 2 {
			if err := a.CloseWrite(); err != nil {
				t.Fatalf("CloseWrite: %v", err)
			}
		}
		b.Read(make([]byte, 1))
		wantState(t, b, nil, nil) // b can still write
		p := make([]byte, 8)
		if n, err := a.Read(p); n != 1 || err != nil {
			t.Errorf("read after CloseWrite: %d, %v; want what the peer wrote", n, err)
		}
		b.CloseWrite()
		wantState(t, a, nil, syscall.EPIPE)
	})
}

func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		io.WriteString(a, "lost")
		io.WriteString(b, "lost")
		b.Abort()
		b.Abort()
		wantState(t, a, syscall.ECONNRESET, syscall.ECONNRESET)
		wantState(t, b, syscall.ECONNRESET, syscall.ECONNRESET)
		if err := a.CloseWrite(); err != nil {
			t.Errorf("CloseWrite after Abort: %v", err)
		}
		wantState(t, a, syscall.ECONNRESET, syscall.ECONNRESET)
		if err := a.Close(); err != nil {
			t.Errorf("Close after Abort: %v", err)
		}
		wantState(t, a, net.ErrClosed, net.ErrClosed)
	})
	t.Run("after-our-close", func(t *testing.T) {
		a, b := pipe(t)
		io.WriteString(a, "lost")
		a.Close()
		a.Abort()
		wantState(t, a, net.ErrClosed, net.ErrClosed)
		wantState(t, b, syscall.ECONNRESET, syscall.ECONNRESET)
	})
}

// TestBlockedCallsWake: what ends a connection, or a direction of it, ends the calls blocked on it.
func TestBlockedCallsWake(t *testing.T) {
	tests := []struct {
		name        string
		do          func(a, b *memconn.Conn)
		read, write error // what a's blocked calls give; nil if they stay blocked
	}{
		{"own-close", func(a, b *memconn.Conn) { a.Close() }, net.ErrClosed, net.ErrClosed},
		{"peer-close", func(a, b *memconn.Conn) { b.Close() }, io.EOF, syscall.EPIPE},
		{"own-close-write", func(a, b *memconn.Conn) { a.CloseWrite() }, nil, syscall.EPIPE},
		{"peer-close-write", func(a, b *memconn.Conn) { b.CloseWrite() }, io.EOF, nil},
		{"own-abort", func(a, b *memconn.Conn) { a.Abort() }, syscall.ECONNRESET, syscall.ECONNRESET},
		{"peer-abort", func(a, b *memconn.Conn) { b.Abort() }, syscall.ECONNRESET, syscall.ECONNRESET},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := pipe(t)
				var n int
				var read, write, queued error
				go func() { _, read = a.Read(make([]byte, 1)) }()
				go func() { n, write = a.Write(make([]byte, memconn.BufferSize+1)) }()
				synctest.Wait()
				go func() { _, queued = a.Write([]byte("x")) }() // behind the one above
				synctest.Wait()
				tt.do(a, b)
				synctest.Wait()
				if !errors.Is(read, tt.read) {
					t.Errorf("the blocked read gave %v, want %v", read, tt.read)
				}
				if !errors.Is(write, tt.write) || !errors.Is(queued, tt.write) {
					t.Errorf("the blocked writes gave %v and %v, want %v", write, queued, tt.write)
				}
				if tt.write != nil && n != memconn.BufferSize {
					t.Errorf("the blocked write reports %d bytes, want %d", n, memconn.BufferSize)
				}
				a.Close() // for those who stayed blocked
			})
		})
	}
}

// TestWritesAreAtomic: long writes of several goroutines do not mix, whatever the reads.
func TestWritesAreAtomic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		const writers, size = 8, memconn.BufferSize*2 + 77
		for i := range writers {
			go a.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
		}
		seen := make(map[byte]bool)
		p := make([]byte, size)
		for range writers {
			if _, err := io.ReadFull(b, p); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p, bytes.Repeat(p[:1], size)) {
				t.Fatal("writes mixed")
			}
			seen[p[0]] = true
		}
		if len(seen) != writers {
			t.Errorf("%d writers were heard, want %d", len(seen), writers)
		}
	})
}

// TestWritesTakeTurns: concurrent writes go in the order in which they came, and those that gave up leave
// no gap behind.
func TestWritesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		write := func(n int, c byte) {
			go a.Write(bytes.Repeat([]byte{c}, n))
			synctest.Wait()
		}
		write(memconn.BufferSize+1, '-')
		for _, c := range []byte("abcd") {
			write(1, c) // these give up with the one before them
		}
		a.SetWriteDeadline(time.Now())
		synctest.Wait()
		a.SetWriteDeadline(time.Time{})
		write(2, '-')
		for _, c := range []byte("efgh") {
			write(1, c)
		}
		got := make([]byte, memconn.BufferSize+6)
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
		if tail := string(got[memconn.BufferSize:]); tail != "--efgh" {
			t.Errorf("after the first write came %q, want --efgh", tail)
		}
	})
}

// TestBusyWriterKeepsNobodyOut: a writer that never pauses does not starve one that had to wait.
func TestBusyWriterKeepsNobodyOut(t *testing.T) {
	a, b := pipe(t)
	go io.Copy(io.Discard, b)
	for range 3 {
		go func() {
			for p := make([]byte, 1000); ; {
				if _, err := a.Write(p); err != nil {
					return
				}
			}
		}()
	}
	for range 1000 {
		if _, err := a.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQueuedWritesGoOn: the writes behind one that had to wait need no further read once there is room.
func TestQueuedWritesGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			a, b := memconn.Pipe()
			var done atomic.Int32
			const writes = 8
			go func() {
				a.Write(make([]byte, memconn.BufferSize+100))
				done.Add(1)
			}()
			synctest.Wait()
			for range writes - 1 {
				go func() {
					a.Write([]byte("x"))
					done.Add(1)
				}()
			}
			synctest.Wait()
			for range 50 { // the first write waits again, now behind the others
				b.Read(make([]byte, 1))
				synctest.Wait()
			}
			b.Read(make([]byte, memconn.BufferSize))
			synctest.Wait()
			if got := done.Load(); got != writes {
				t.Fatalf("%d of %d writes are done, with room for all", got, writes)
			}
			a.Close()
		}
	})
}

// TestDirectionsAreIndependent: a direction that is full does not hold up the other.
func TestDirectionsAreIndependent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t)
		go a.Write(make([]byte, memconn.BufferSize+1))
		synctest.Wait()
		io.WriteString(b, "x")
		if n, err := a.Read(make([]byte, 2)); n != 1 || err != nil {
			t.Errorf("read beside a blocked write: %d, %v", n, err)
		}
		a.Close()
	})
}

func TestBuffersAreGivenBack(t *testing.T) {
	none := func(t *testing.T, c *memconn.Conn) {
		t.Helper()
		if in, out := memconn.Held(c); in != 0 || out != 0 {
			t.Errorf("holds buffers of %d and %d bytes, want none", in, out)
		}
	}
	fill := func(a, b *memconn.Conn) {
		a.Write(make([]byte, 100))
		b.Write(make([]byte, 50_000))
	}
	t.Run("at-first", func(t *testing.T) {
		a, _ := pipe(t)
		none(t, a)
	})
	t.Run("drained", func(t *testing.T) {
		a, b := pipe(t)
		fill(a, b)
		io.ReadFull(a, make([]byte, 50_000))
		io.ReadFull(b, make([]byte, 100))
		none(t, a)
	})
	t.Run("both-closed", func(t *testing.T) {
		a, b := pipe(t)
		fill(a, b)
		a.Close()
		b.Close()
		none(t, a)
	})
	t.Run("aborted", func(t *testing.T) {
		a, b := pipe(t)
		fill(a, b)
		a.Abort()
		none(t, a)
	})
}

func TestDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool forgets under the race detector")
	}
	for _, size := range []int{1, 125, 4 << 10, 16 << 10, memconn.BufferSize} {
		a, b := pipe(t)
		out, in := make([]byte, size), make([]byte, size)
		got := testing.AllocsPerRun(200, func() {
			a.Write(out)
			io.ReadFull(b, in)
		})
		if got != 0 {
			t.Errorf("a message of %d bytes allocates %v times", size, got)
		}
	}
}

func BenchmarkPipe(b *testing.B) {
	for _, size := range []int{125, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			x, y := pipe(b)
			out, in := make([]byte, size), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				x.Write(out)
				io.ReadFull(y, in)
			}
		})
	}
}
