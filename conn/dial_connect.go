package conn

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"

	"github.com/godwit-ws/godwit/conn/internal/drive"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

// connect opens the connection below: directly or by a proxy, with TLS for wss.
func (t *trip) connect(ctx context.Context) (net.Conn, error) {
	nc, err := t.reach(ctx)
	if err != nil || t.target.Scheme != "wss" {
		return nc, err
	}
	secured := tls.Client(drive.NewBelowTLS(nc, nil), t.tls())
	if err := secured.HandshakeContext(ctx); err != nil {
		nc.Close() // of no use any more
		return nil, err
	}
	return secured, nil
}

// reach opens a connection to the target's host and port.
func (t *trip) reach(ctx context.Context) (net.Conn, error) {
	dial := t.d.NetDial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	by, err := t.proxy()
	if err != nil {
		return nil, err
	}
	addr := addrOfURL(t.target)
	if by == nil {
		return dial(ctx, "tcp", addr)
	}
	return proxy.Dial(ctx, dial, by, addr, t.proxyTLS())
}

func (t *trip) proxy() (*url.URL, error) {
	if t.d.Proxy != nil {
		return t.d.Proxy(t.target)
	}
	return proxy.FromEnvironment(t.target)
}

// tls returns the configuration for the target. Only HTTP/1.1 may be agreed on:
// that is where the Upgrade field means something.
func (t *trip) tls() *tls.Config {
	cfg := t.d.TLS.Clone() // also of nil
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = t.target.Hostname()
	}
	cfg.NextProtos = []string{"http/1.1"}
	return cfg
}

// proxyTLS returns the configuration for an https proxy, whose name is that in
// its URL: ServerName is the target's.
func (t *trip) proxyTLS() *tls.Config {
	cfg := t.d.TLS.Clone() // also of nil
	if cfg != nil {
		cfg.ServerName = ""
	}
	return cfg
}
