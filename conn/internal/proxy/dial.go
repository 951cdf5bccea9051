package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
)

// DialFunc opens a connection, like (*net.Dialer).DialContext. It must return once ctx is done.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Dial opens a connection to target, host:port, through the proxy at proxyURL, whose scheme is http,
// https, socks5 or socks5h, whose port may be left out (80, 443, 1080), and whose user and password,
// if it has them, are offered to the proxy. A socks5 proxy is given the target's IP address, resolved
// here, IPv4 if there is one; the others resolve the name themselves.
//
// dial opens the connection to the proxy; nil means a net.Dialer. tlsConfig is for the TLS of an
// https proxy; nil means the defaults, an empty ServerName the proxy's host. Its NextProtos are for
// the target and are not used. It is not changed.
//
// When ctx is done, the connection to the proxy is closed and the error Is ctx.Err(). Once Dial has
// returned, ctx has no effect any more. Errors are [ErrURL], [ErrTarget], [ErrRefused], [ErrReply],
// io.ErrUnexpectedEOF if the proxy closed the connection instead of answering, or a cause from the
// network; none contains credentials.
//
// The connection returned is the one dial gave or a *tls.Conn over it. Only if the proxy had already
// sent bytes of the target's is it wrapped, in one that yields these first and that has CloseWrite.
func Dial(ctx context.Context, dial DialFunc, proxyURL *url.URL, target string, tlsConfig *tls.Config) (net.Conn, error) {
	s, err := serverOf(proxyURL)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	to, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, dial, to, tlsConfig)
	if err != nil {
		return nil, s.failed(ctx, to, err)
	}
	return conn, nil
}

// dial is Dial without the wrapping of errors.
func (s server) dial(ctx context.Context, dial DialFunc, to address, tlsConfig *tls.Config) (net.Conn, error) {
	if s.scheme == schemeSOCKS5 && !to.ip.IsValid() {
		ip, err := resolve(ctx, to.host)
		if err != nil {
			return nil, err
		}
		to.ip = ip
	}
	connect, err := s.connector(to, tlsConfig)
	if err != nil {
		return nil, err
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err
	}
	return guarded(ctx, raw, connect)
}

// connectFunc leads the conversation with a proxy and returns the connection to use from then on. It
// need not watch ctx, whose end closes conn, and leaves closing conn to the caller.
type connectFunc func(ctx context.Context, conn net.Conn) (net.Conn, error)

// connector returns the conversation for the proxy's scheme.
func (s server) connector(to address, tlsConfig *tls.Config) (connectFunc, error) {
	switch s.scheme {
	case schemeSOCKS5, schemeSOCKS5H:
		return socksConnector(to, s.user)
	case schemeHTTPS:
		return s.tlsConnector(to, tlsConfig)
	default:
		return httpConnector(to, s.user)
	}
}

// guarded runs connect and closes conn if that fails or ctx is done before it returns.
func guarded(ctx context.Context, raw net.Conn, connect connectFunc) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	conn, err := connect(ctx, raw)
	if !stop() {
		err = ctx.Err() // raw is closed, or about to be
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// failed says what went wrong, with the proxy and the target. After the end of ctx every other error
// is a consequence of it, or a race with it.
func (s server) failed(ctx context.Context, to address, err error) error {
	if cause := ctx.Err(); cause != nil {
		err = cause
	}
	if no, ok := errors.AsType[*refusal](err); ok {
		return fmt.Errorf("proxy %s %w CONNECT %s: %s", s.name, ErrRefused, to, no.why)
	}
	return fmt.Errorf("proxy %s: CONNECT %s: %w", s.name, to, err)
}

// refusal is a proxy's no, on its way from the conversation to failed.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

// unexpected turns an EOF into io.ErrUnexpectedEOF: a proxy has to answer.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
