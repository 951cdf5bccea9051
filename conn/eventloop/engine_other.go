//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package eventloop

import "github.com/godwit-ws/godwit/conn"

// loops are none here: neither epoll nor kqueue is there to wait with.
type loops struct{}

func (loops) start(cfg *Config) error {
	cfg.Logger.Warn("there are no event loops on this system: websocket connections have a goroutine each")
	return nil
}

func (loops) attach(*conn.Conn, conn.Hooks) error { return errTransport }

func (loops) len() int { return 0 }

func (loops) stop(func(closer)) {}

func (loops) wait() {}
