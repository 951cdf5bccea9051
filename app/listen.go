package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// listen opens a listener on an address as Config.Addr has it.
func listen(addr string) (net.Listener, error) {
	path, unix := strings.CutPrefix(addr, unixPrefix)
	if !unix {
		l, err := conn.Listen(context.Background(), "tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("app: listen on %s: %w", addr, err)
		}
		return l, nil
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && abandoned(path) {
		if err = os.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			l, err = net.Listen("unix", path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("app: listen on %s: %w", addr, err)
	}
	return l, nil
}

// abandoned reports whether a unix socket was left behind by a process that is gone:
// nobody listens on it.
func abandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	nc, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		nc.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// tlsConfig returns how to speak TLS, or nil for not at all. Of the protocols above
// TLS only HTTP/1.1 is agreed on, for it is what the handshake is written in.
func (s *Server) tlsConfig() *tls.Config {
	if s.cfg.TLS == nil && s.certs == nil {
		return nil
	}
	c := s.cfg.TLS.Clone()
	if c == nil {
		c = new(tls.Config)
	}
	if s.certs != nil {
		c.GetCertificate = s.certs.Get
	}
	c.NextProtos = []string{"http/1.1"}
	return c
}
