//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package eventloop

import (
	"context"
	"net"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// loops are none here: neither epoll nor kqueue is there to wait with.
type loops struct{}

func (loops) start(cfg *Config) error {
	cfg.Logger.Warn("there are no event loops on this system: websocket connections have a goroutine each")
	return nil
}

func (loops) attach(c *conn.Conn, h conn.Hooks) (drive.Machine, error) {
	return c.Drive(h, drive.Pooled, func(net.Conn) (drive.Transport, error) { return nil, drive.ErrTransport })
}

func (loops) accept(_, _ context.Context, _ net.Listener, _ *Reception) error {
	return ErrListener
}

func (loops) len() int { return 0 }

func (loops) stop(func(drive.Machine)) {}

func (loops) wait() {}
