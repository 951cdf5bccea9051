package conn

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/internal/proxy"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/handshake"
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
	// then a *DialError. They never lead from wss to ws, and Header's Authorization
	// and Cookie stay with the host that they were meant for.
	MaxRedirects int
	// Proxy returns the proxy for a ws or wss URL, or nil for none: an http or
	// https URL (CONNECT), socks5 or socks5h, with user and password if it needs
	// them. If Proxy is nil, the environment says so: HTTP_PROXY for ws,
	// HTTPS_PROXY for wss, ALL_PROXY, NO_PROXY.
	Proxy func(*url.URL) (*url.URL, error)
	// NetDial opens the connection below. Nil means net.Dialer's DialContext.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures wss, and the TLS of an https proxy. Nil means the defaults.
	TLS *tls.Config

	once  sync.Once
	cfg   Config // with its defaults
	sweep sweeper
}

// Dial opens a connection to a ws:// or wss:// URL with the zero Dialer. See its
// method.
func Dial(ctx context.Context, rawURL string) (*Conn, error) {
	return new(Dialer).Dial(ctx, rawURL)
}

// Dial opens a connection to a ws:// or wss:// URL (RFC 6455 §4.1); http and
// https mean the same. User and password in it are sent as Basic authentication.
// It takes HandshakeTimeout at most, and less if ctx ends; on the connection
// itself ctx has no effect. An answer other than 101 is a *DialError with the
// status.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Conn, error) {
	d.once.Do(func() {
		d.cfg = d.Config.withDefaults()
		orDefault(&d.cfg.MaxHeaderSize, defaultMaxAnswerSize)
	})
	target, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	values := ctx
	if d.cfg.HandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.HandshakeTimeout)
		defer cancel()
	}
	trip := trip{d: d, target: target, first: target, values: values}
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
	d      *Dialer
	first  *url.URL // where it began
	target *url.URL // where it is now
	hops   int
	values context.Context
}

// open opens the connection below and does the handshake on it.
func (t *trip) open(ctx context.Context) (*Conn, error) {
	nc, err := t.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("conn: dial %s: %w", t.target.Redacted(), err)
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(past) })
	c, err := t.handshake(nc)
	if !stop() { // ctx ended, perhaps at the very end: its deadline is set
		err = ctx.Err()
	}
	if err != nil {
		closeTransport(nc)
		return nil, t.error(ctx, err)
	}
	return c, nil
}

// error names the target in an error of its handshake.
func (t *trip) error(ctx context.Context, err error) error {
	if refused, ok := err.(*DialError); ok {
		return refused
	}
	if cause := ctx.Err(); cause != nil && timedOut(err) {
		err = cause
	}
	return fmt.Errorf("conn: handshake with %s: %w", t.target.Redacted(), err)
}

// connect opens the connection below: directly or by a proxy, with TLS for wss.
func (t *trip) connect(ctx context.Context) (net.Conn, error) {
	dial := t.d.NetDial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	by, err := t.proxy()
	if err != nil {
		return nil, err
	}
	addr := addrOfURL(t.target)
	var nc net.Conn
	if by == nil {
		nc, err = dial(ctx, "tcp", addr)
	} else {
		nc, err = proxy.Dial(ctx, dial, by, addr, t.d.TLS)
	}
	if err != nil || t.target.Scheme != "wss" {
		return nc, err
	}
	secured := tls.Client(nc, t.tls())
	if err := secured.HandshakeContext(ctx); err != nil {
		nc.Close() // of no use any more
		return nil, err
	}
	return secured, nil
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

// handshake does the opening handshake on nc.
func (t *trip) handshake(nc net.Conn) (*Conn, error) {
	req := t.request()
	out, err := req.Append(nil)
	if err != nil {
		return nil, err
	}
	if _, err := nc.Write(out); err != nil {
		return nil, err
	}
	buf := bufpool.Get(2 * defaultMaxHeaderSize)
	defer bufpool.Put(buf)
	resp, end, err := t.response(nc, buf)
	if err != nil {
		return nil, err
	}
	t.keepCookies(resp)
	accepted, err := req.Check(resp)
	if err != nil {
		return nil, t.refused(nc, resp, buf, end, err)
	}
	nc.SetDeadline(never)
	return newConn(nc, &t.d.cfg, setup{
		role:     protocol.Client,
		hello:    hello{response: resp, subprotocol: accepted.Subprotocol, parent: t.values},
		deflate:  agreed(accepted),
		leftover: buf.B[end:],
		sweep:    &t.d.sweep,
	}), nil
}

// response reads the answer, past informational ones (RFC 9110 §15.2).
func (t *trip) response(nc net.Conn, buf *bufpool.Buffer) (*handshake.Response, int, error) {
	resp := new(handshake.Response)
	for range maxInformational {
		end, err := readHeader(nc, buf, t.d.cfg.MaxHeaderSize)
		if err != nil {
			if isEOF(err) {
				err = fmt.Errorf("the server closed the connection before it answered: %w", err)
			}
			return nil, 0, err
		}
		if err := resp.Parse(string(buf.B[:end])); err != nil {
			return nil, 0, err
		}
		if resp.Status >= 200 || resp.Status == http.StatusSwitchingProtocols {
			return resp, end, nil
		}
		buf.B = append(buf.B[:0], buf.B[end:]...)
	}
	return nil, 0, fmt.Errorf("%w: more than %d informational answers", handshake.ErrSyntax, maxInformational)
}

// maxInformational is how many answers of status 1xx may precede the one.
const maxInformational = 5

// request makes the opening request.
func (t *trip) request() *handshake.ClientRequest {
	var random [16]byte
	rand.Read(random[:]) // never fails: it would end the program instead
	req := &handshake.ClientRequest{
		Host:         hostOfURL(t.target),
		Target:       t.target.RequestURI(),
		Key:          handshake.NewKey(random),
		Subprotocols: t.d.Subprotocols,
		Fields:       t.fields(),
	}
	if z := t.d.cfg.Compression; z.Enabled {
		req.Deflate = []handshake.DeflateOffer{{
			ServerNoContextTakeover: z.Params.ServerNoContextTakeover,
			ClientNoContextTakeover: z.Params.ClientNoContextTakeover,
			ServerMaxWindowBits:     z.Params.ServerMaxWindowBits,
			ClientMaxWindowBits:     z.Params.ClientMaxWindowBits,
		}}
	}
	return req
}

// refused makes the error of an answer other than 101: with the beginning of its
// body, which often says why.
func (t *trip) refused(nc net.Conn, resp *handshake.Response, buf *bufpool.Buffer, end int, err error) error {
	if resp.Status == http.StatusSwitchingProtocols {
		return err
	}
	nc.SetReadDeadline(time.Now().Add(lingerTime))
	return &DialError{
		URL:      t.target.Redacted(),
		Status:   resp.Status,
		Response: resp,
		Body:     readBody(nc, buf.B[end:], resp),
		Err:      err,
	}
}
