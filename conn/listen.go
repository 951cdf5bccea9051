package conn

import (
	"context"
	"net"
	"syscall"
)

// Listen is net.Listen for connections that go to Accept or Receive, and spares them work
// where the system can (Linux, TCP):
//
//   - They are probed while idle as net.Listen's are, but this is set once, on the
//     listener, and not with four system calls for each connection.
//   - They are accepted when the client has sent something, so that nobody has to wait
//     for its request; one that stays silent is accepted after about a second, and then has
//     its HandshakeTimeout.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var lc net.ListenConfig
	if inheritsOptions {
		lc.KeepAlive = -1 // net leaves accepted sockets as they are
		lc.Control = func(network, _ string, rc syscall.RawConn) error {
			if network == "unix" {
				return nil
			}
			var optErr error
			err := rc.Control(func(fd uintptr) { optErr = setOptions(int(fd)) })
			if err == nil {
				err = optErr
			}
			return err
		}
	}
	return lc.Listen(ctx, network, address)
}
