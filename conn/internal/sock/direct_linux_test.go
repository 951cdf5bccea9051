package sock_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/sock"
)

// connected returns the two ends of a connection.
func connected(t *testing.T, network string) (a, b net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// More than the socket takes at once goes to and fro at the same time.
func TestDirect(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			a, b := connected(t, network)
			want := bytes.Repeat([]byte("godwit"), 1<<20)
			write := func(w io.Writer, done chan<- error) {
				_, err := w.Write(want)
				done <- err
			}
			done := make(chan error, 2)
			da, db := sock.Direct(a), sock.Direct(b)
			go write(da, done)
			go write(db, done)
			half := make(chan error)
			read := func(r io.Reader) error {
				got := make([]byte, len(want))
				if _, err := io.ReadFull(r, got); err != nil {
					return err
				}
				if !bytes.Equal(got, want) {
					return errors.New("other bytes than were sent")
				}
				return nil
			}
			go func() { half <- read(da) }()
			if err := errors.Join(read(db), <-half, <-done, <-done); err != nil {
				t.Fatal(err)
			}
			a.Close()
			if n, err := db.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("at the end Read = %d, %v", n, err)
			}
		})
	}
}

// Errors are those of package net, in every word.
func TestDirectErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		act  func(a, b net.Conn, rw io.ReadWriter) error
		want error
	}{
		"read deadline": {func(a, _ net.Conn, rw io.ReadWriter) error {
			a.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := rw.Read(make([]byte, 1))
			return err
		}, os.ErrDeadlineExceeded},
		"write deadline": {func(a, _ net.Conn, rw io.ReadWriter) error {
			a.SetWriteDeadline(time.Now().Add(time.Millisecond))
			_, err := rw.Write(make([]byte, 64<<20))
			return err
		}, os.ErrDeadlineExceeded},
		"read of a closed one": {func(a, _ net.Conn, rw io.ReadWriter) error {
			a.Close()
			_, err := rw.Read(make([]byte, 1))
			return err
		}, net.ErrClosed},
		"write to a closed one": {func(a, _ net.Conn, rw io.ReadWriter) error {
			a.Close()
			_, err := rw.Write([]byte("x"))
			return err
		}, net.ErrClosed},
		"closed while reading": {func(a, _ net.Conn, rw io.ReadWriter) error {
			time.AfterFunc(time.Millisecond, func() { a.Close() })
			_, err := rw.Read(make([]byte, 1))
			return err
		}, net.ErrClosed},
		"reset": {func(_, b net.Conn, rw io.ReadWriter) error {
			b.(*net.TCPConn).SetLinger(0)
			b.Close()
			_, err := rw.Read(make([]byte, 1))
			return err
		}, syscall.ECONNRESET},
		"written after the end": {func(a, _ net.Conn, rw io.ReadWriter) error {
			a.(*net.TCPConn).CloseWrite()
			_, err := rw.Write([]byte("x"))
			return err
		}, syscall.EPIPE},
	} {
		t.Run(name, func(t *testing.T) {
			text := func(make func(net.Conn) io.ReadWriter) string {
				a, b := connected(t, "tcp")
				err := tt.act(a, b, make(a))
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
					return ""
				}
				return strings.NewReplacer(a.LocalAddr().String(), "A", a.RemoteAddr().String(), "B").Replace(err.Error())
			}
			want := text(func(nc net.Conn) io.ReadWriter { return nc })
			if got := text(sock.Direct); got != want {
				t.Errorf("got the text %q, package net has %q", got, want)
			}
		})
	}
}

// What is no socket stays what it is, and a read of nothing returns at once.
func TestDirectElsewhere(t *testing.T) {
	a, _ := net.Pipe()
	defer a.Close()
	if got := sock.Direct(a); got != io.ReadWriter(a) {
		t.Errorf("Direct of a pipe = %T", got)
	}
	c, _ := connected(t, "tcp")
	if n, err := sock.Direct(c).Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing = %d, %v", n, err)
	}
}

func TestDirectAllocates(t *testing.T) {
	a, b := connected(t, "tcp")
	da, db := sock.Direct(a), sock.Direct(b)
	buf := make([]byte, 125)
	if n := testing.AllocsPerRun(100, func() {
		da.Write(buf)
		db.Read(buf)
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}
