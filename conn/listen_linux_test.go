package conn_test

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
)

// options returns a socket's options that keep quiet connections alive.
func options(t *testing.T, nc net.Conn) map[string]int {
	t.Helper()
	rc, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	rc.Control(func(fd uintptr) {
		for name, o := range map[string][2]int{
			"keepalive": {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
			"idle":      {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
			"interval":  {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL},
			"count":     {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
			"nodelay":   {syscall.IPPROTO_TCP, syscall.TCP_NODELAY},
		} {
			if got[name], err = syscall.GetsockoptInt(int(fd), o[0], o[1]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	return got
}

// What Listen accepts has the same options as what net.Listen accepts.
func TestListenKeepsAlive(t *testing.T) {
	accepted := func(l net.Listener, err error) map[string]int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		client.Write([]byte("GET")) // else Listen's accepts it later
		nc, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		return options(t, nc)
	}
	want := accepted(net.Listen("tcp", "127.0.0.1:0"))
	got := accepted(conn.Listen(t.Context(), "tcp", "127.0.0.1:0"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-net.Listen +Listen):\n%s", diff)
	}
}

// A silent connection is accepted late, and one that speaks as soon as it does.
func TestListenDefers(t *testing.T) {
	t.Parallel() // it waits
	l, err := conn.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var clients [2]net.Conn
	for i := range clients {
		if clients[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer clients[i].Close()
	}
	clients[1].Write([]byte("GET"))
	for _, want := range []net.Conn{clients[1], clients[0]} {
		nc, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if diff := cmp.Diff(want.LocalAddr().String(), nc.RemoteAddr().String()); diff != "" {
			t.Errorf("accepted (-want +got):\n%s", diff)
		}
	}
}

func TestListenUnix(t *testing.T) {
	l, err := conn.Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
