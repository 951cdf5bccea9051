package conn_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

func TestNetConn(t *testing.T) {
	s, c := conn.Pipe(conn.Config{}, conn.Config{})
	a, b := conn.NetConn(t.Context(), s, conn.Binary), conn.NetConn(t.Context(), c, conn.Text)
	go func() {
		b.Write([]byte("hello "))
		b.Write([]byte("wörld"))
		b.Close()
	}()
	got, err := io.ReadAll(a)
	if string(got) != "hello wörld" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if a.RemoteAddr() == nil || a.LocalAddr() == nil {
		t.Error("no addresses")
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after the end = %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after our own Close = %v", err)
	}
}

func TestNetConnDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := conn.Pipe(conn.Config{}, conn.Config{})
		defer s.Abort()
		defer c.Abort()
		a := conn.NetConn(t.Context(), s, conn.Binary)
		b := make([]byte, 10)
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Second))
		if _, err := a.Read(b); !timeout(err) {
			t.Errorf("Read = %v", err)
		}
		elapsed(t, start, time.Second)
		a.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			a.SetReadDeadline(time.Now().Add(time.Second)) // moved while a read waits
		}()
		if _, err := a.Read(b); !timeout(err) {
			t.Errorf("Read = %v", err)
		}
		elapsed(t, start, 3*time.Second)
		a.SetDeadline(time.Now().Add(time.Second))
		p := make([]byte, 100_000) // more than a pipe holds
		if n, err := a.Write(p); n != len(p) || !timeout(err) {
			t.Errorf("Write that was begun = %d, %v; its message is sent on", n, err)
		}
		if n, err := a.Write(p); n != 0 || !timeout(err) {
			t.Errorf("Write after the deadline = %d, %v", n, err)
		}
		elapsed(t, start, 4*time.Second)
		if c.Err() != nil || s.Err() != nil {
			t.Error("deadlines have ended the connection")
		}
	})
}

func timeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
