package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// dialTimeout bounds connecting, TLS and the opening handshake of a connection.
const dialTimeout = 20 * time.Second

// maxSources is how many loopback addresses there can be in use: those of
// 127.0.0.0/24 but for the last.
const maxSources = 254

// target is where the load goes.
type target struct {
	tcp     bool // no WebSocket
	addr    string
	host    string // for the request
	path    string
	tls     *tls.Config // nil without
	sources int
	deflate bool
	fresh   bool // each compressed message refers to none before it
	window  int  // how far back compressed messages refer at most, in bytes
}

// newTarget reads the URL of a Config that has been checked.
func newTarget(cfg *Config) (*target, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, badConfig("%v", err)
	}
	t := &target{
		tcp:     u.Scheme == "tcp",
		host:    u.Host,
		path:    u.RequestURI(),
		sources: cfg.Sources,
		deflate: cfg.Compress,
		fresh:   cfg.NoTakeover,
		window:  min(cfg.Size, 1<<windowBits),
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	t.addr = net.JoinHostPort(u.Hostname(), port)
	if u.Scheme == "wss" {
		t.tls = &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: cfg.Insecure, NextProtos: []string{"http/1.1"}}
	}
	return t, t.checkSources()
}

// checkSources says whether loopback addresses can be used to connect from.
func (t *target) checkSources() error {
	if t.sources == 0 {
		return nil
	}
	host, _, err := net.SplitHostPort(t.addr)
	if err != nil {
		return badConfig("%v", err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.To4() == nil || !ip.IsLoopback() {
		return badConfig("sources need a URL with an address of 127.0.0.0/8, not %q", host)
	}
	return nil
}

// connect opens connection i below WebSocket.
func (t *target) connect(ctx context.Context, i int) (net.Conn, error) {
	var d net.Dialer
	if t.sources > 0 {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%t.sources))}
	}
	nc, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, dialError(err)
	}
	if t.tls == nil {
		return nc, nil
	}
	secure := tls.Client(nc, t.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("load: TLS: %w", err)
	}
	return secure, nil
}

// open opens connection i, handshake included. in is memory to read into. An
// error of it says which connection it was.
func (t *target) open(ctx context.Context, i int, d *deck, in []byte) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	nc, err := t.connect(ctx, i)
	if err != nil {
		return nil, fmt.Errorf("load: connection %d: %w", i+1, err)
	}
	l := &link{nc: nc, in: in, tcp: t.tcp}
	l.recv = receiver{deck: d, verbatim: t.tcp, pong: l.pong}
	if t.tcp {
		return l, nil
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(past) })
	err = t.shake(l)
	if !stop() && err != nil {
		err = fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("load: connection %d: %w", i+1, err)
	}
	return l, nil
}

// past is a deadline that wakes whoever waits under it.
var past = time.Unix(1, 0)
