package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// Dialer opens WebSocket connections. The zero value is ready to use. It must not
// be copied, nor changed once it is in use; any number of goroutines may use it
// at once.
type Dialer struct {
	// Config sets the limits and timeouts of the connections.
	Config Config
	// Header is sent with the request: Origin, Authorization, Cookie and others.
	// The fields of the handshake itself can't be set.
	Header http.Header
	// Subprotocols are those wanted, in order of preference (RFC 6455 §1.9).
	Subprotocols []string
	// Jar gives the cookies to send, and takes those that come back. Nil means
	// none.
	Jar http.CookieJar
	// MaxRedirects is how many redirects are followed. 0 means none: a redirect is
	// then a *DialError. They never lead from wss to ws. Once they have left the
	// scheme, host and port that Dial was given, Header's Authorization and Cookie
	// and the URL's user and password are sent no more.
	MaxRedirects int
	// Proxy returns the proxy for a ws or wss URL, or nil for none: an http or
	// https URL (CONNECT), socks5 or socks5h, with user and password if it needs
	// them. If Proxy is nil, the environment says so: HTTP_PROXY for ws,
	// HTTPS_PROXY for wss, ALL_PROXY, NO_PROXY.
	Proxy func(*url.URL) (*url.URL, error)
	// NetDial opens the connection below, to the server or its proxy. Nil means
	// net.Dialer's DialContext.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures wss, and but for ServerName, the TLS of an https proxy. Nil
	// means the defaults. NextProtos is not used: only HTTP/1.1 is agreed on.
	TLS *tls.Config

	once  sync.Once
	cfg   limits
	sweep sweeper
}

// Dial opens a connection to a ws:// or wss:// URL with the zero Dialer. See its
// method.
func Dial(ctx context.Context, rawURL string) (*Conn, error) {
	return new(Dialer).Dial(ctx, rawURL)
}

// Dial opens a connection to a ws:// or wss:// URL (RFC 6455 §4.1); http and
// https mean the same. User and password in it are sent as Basic authentication,
// unless Header has an Authorization. Dial takes HandshakeTimeout at most,
// redirects included, and less if ctx ends; on the connection itself ctx has no
// effect.
//
// Errors: ErrURL; a *DialError for an answer other than 101; ctx's own, and
// context.DeadlineExceeded after HandshakeTimeout; those of package handshake for
// a request that can't be sent and for an answer that isn't right; or a cause
// from the network. None contains a password.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Conn, error) {
	d.once.Do(func() {
		d.cfg.init(d.Config)
		orDefault(&d.cfg.MaxHeaderSize, defaultMaxAnswerSize)
	})
	target, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	trip := trip{d: d, target: target, values: ctx}
	if d.cfg.HandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.HandshakeTimeout)
		defer cancel()
	}
	for {
		c, err := trip.open(ctx)
		if err == nil {
			return c, nil
		}
		if err := trip.redirect(err); err != nil {
			return nil, err
		}
	}
}

// trip is the way of one Dial, over redirects.
type trip struct {
	d       *Dialer
	target  *url.URL // where it is now
	strayed bool     // it has left the scheme, host and port where it began
	hops    int
	values  context.Context
}

// open opens the connection below and does the handshake on it. What can't be
// sent is found before anything is dialled.
func (t *trip) open(ctx context.Context) (*Conn, error) {
	req := t.request()
	out, err := req.Append(nil)
	if err != nil {
		return nil, fmt.Errorf("conn: dial %s: %w", t.target.Redacted(), err)
	}
	nc, err := t.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("conn: dial %s: %w", t.target.Redacted(), err)
	}
	stop := context.AfterFunc(ctx, func() { closeTransport(nc) })
	s, err := t.handshake(nc, req, out)
	refused, answered := errors.AsType[*DialError](err)
	switch ended := !stop(); {
	case answered:
		closeTransport(nc)
		return nil, refused
	case ended: // nc is closed, or about to be
		err = ctx.Err()
	}
	if err != nil {
		closeTransport(nc)
		return nil, fmt.Errorf("conn: handshake with %s: %w", t.target.Redacted(), err)
	}
	return newConn(nc, &t.d.cfg, s), nil
}
