package conn

import (
	"context"
	"net"
	"syscall"
)

// Listen is net.Listen for connections that go to Accept or Receive: they are
// probed while idle as net.Listen's are, but where the system lets accepted
// sockets inherit it this is set once, on the listener, and not with four system
// calls for each connection.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var lc net.ListenConfig
	if inheritsKeepAlive {
		lc.KeepAlive = -1 // net leaves accepted sockets as they are
		lc.Control = func(network, _ string, rc syscall.RawConn) error {
			if network == "unix" {
				return nil
			}
			var optErr error
			err := rc.Control(func(fd uintptr) { optErr = setKeepAlive(int(fd)) })
			if err == nil {
				err = optErr
			}
			return err
		}
	}
	return lc.Listen(ctx, network, address)
}
