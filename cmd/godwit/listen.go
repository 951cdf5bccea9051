package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/internal/backoff"
)

// listen opens a TCP listener, and says what to do where the port is taken.
func listen(addr string) (net.Listener, error) {
	l, err := conn.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w (another server has this port; choose one with --addr)", err)
	}
	return l, err
}

// acceptAll accepts connections until l is closed or ctx has ended, and gives
// each to serve on a goroutine of its own. A failed accept, for want of file
// descriptors say, is reported once and tried again, ever less often.
func acceptAll(ctx context.Context, l net.Listener, serve func(net.Conn), report func(error)) {
	var again backoff.Wait
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			again = backoff.Wait{}
			go serve(nc)
			continue
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		}
		d, begins := again.Next()
		if begins {
			report(err)
		}
		pause(ctx, d)
	}
}

// pause waits for d, or for the end of ctx if that comes first.
func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// urlOf returns the URL of a listener, as a client on this machine would dial it.
func urlOf(scheme string, addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return scheme + "://" + addr.String()
}
