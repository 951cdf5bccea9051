package app_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// accepted hands out what it accepts to the test as well.
type accepted struct {
	net.Listener
	conns chan net.Conn
}

func (l *accepted) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err == nil {
		l.conns <- nc
	}
	return nc, err
}

func TestSeed123NoDelay(t *testing.T) {
	s, _ := serve(t, app.Config{}, at(t, "/x", echoes()))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &accepted{l, make(chan net.Conn, 1)}
	go s.Serve(listener)
	p := openFrames(t, "ws://"+l.Addr().String(), "/x")
	p.write(whole(conn.Text, "up"))
	p.want(conn.Text, "up")
	sc, err := (<-listener.conns).(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	sc.Control(func(fd uintptr) {
		if on, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY); on == 0 || err != nil {
			t.Errorf("TCP_NODELAY is %d, %v", on, err)
		}
	})
}
