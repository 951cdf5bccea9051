package torture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Target is a server under test.
type Target struct {
	host string // of the Host field
	path string // with the query
	addr string // to connect to
	tls  *tls.Config
}

// ErrURL says that a URL is none of a WebSocket server's.
var ErrURL = errors.New("torture: not a ws:// or wss:// URL")

// NewTarget returns the server of a ws:// or wss:// URL. For wss, secure is used if it
// isn't nil; with nil the server's certificate is not checked.
func NewTarget(rawURL string, secure *tls.Config) (*Target, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, fmt.Errorf("%w: %q", ErrURL, rawURL)
	}
	t := &Target{host: u.Host, path: u.RequestURI(), addr: u.Host}
	port := "80"
	if u.Scheme == "wss" {
		port = "443"
		if secure == nil {
			secure = &tls.Config{InsecureSkipVerify: true} // it is the server's hardness that is examined, not its name
		}
		t.tls = secure.Clone()
		t.tls.NextProtos = []string{"http/1.1"}
		if t.tls.ServerName == "" {
			t.tls.ServerName = u.Hostname()
		}
	}
	if u.Port() == "" {
		t.addr = net.JoinHostPort(u.Hostname(), port)
	}
	return t, nil
}

// connectTime bounds connecting, TLS included.
const connectTime = 10 * time.Second

// connect opens a connection, and returns the TCP connection below it too.
func (t *Target) connect(ctx context.Context) (net.Conn, *net.TCPConn, error) {
	tcp, err := t.connectBare(ctx)
	if err != nil || t.tls == nil {
		return tcp, tcp, err
	}
	secured := tls.Client(tcp, t.tls)
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		tcp.Close()
		return nil, nil, fmt.Errorf("connecting to %s: %w", t.addr, err)
	}
	return secured, tcp, nil
}

// connectBare opens a connection without TLS.
func (t *Target) connectBare(ctx context.Context) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: connectTime}
	nc, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", t.addr, err)
	}
	return nc.(*net.TCPConn), nil // as the network says
}
