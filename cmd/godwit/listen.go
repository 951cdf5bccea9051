package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// How long to wait after a failed accept: from the first to twice as long each
// time up to the last.
const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = time.Second
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
	backoff := time.Duration(0)
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			backoff = 0
			go serve(nc)
			continue
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		case backoff == 0:
			report(err)
		}
		backoff = min(max(2*backoff, firstBackoff), lastBackoff)
		pause(ctx, backoff)
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
