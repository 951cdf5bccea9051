package conformance_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/conformance"
)

func TestServerHandler(t *testing.T) {
	s := handlerServer(t, deflated, echoLoop)
	conformance.Server(t, options(deflated, conformance.Standard), conformance.TCP(s.Listener.Addr().String()))
}

func TestServerHandlerWithoutCompression(t *testing.T) {
	s := handlerServer(t, plain, echoLoop)
	conformance.Server(t, options(plain, conformance.Brief), conformance.TCP(s.Listener.Addr().String()))
}

func TestServerHooks(t *testing.T) {
	addr := acceptServer(t, deflated, echoRun)
	conformance.Server(t, options(deflated, conformance.Standard), conformance.TCP(addr.String()))
}

func TestServerHooksWithoutCompression(t *testing.T) {
	addr := acceptServer(t, plain, echoRun)
	conformance.Server(t, options(plain, conformance.Brief), conformance.TCP(addr.String()))
}

func TestServerStreams(t *testing.T) {
	s := handlerServer(t, deflated, echoStreams)
	o := options(deflated, conformance.Brief)
	o.Command = nil
	conformance.Server(t, o, conformance.TCP(s.Listener.Addr().String()))
}

// Over TLS the two styles share the cases.
func TestServerTLS(t *testing.T) {
	styles := []struct {
		name string
		echo func(*conn.Conn) error
	}{{"loop", echoLoop}, {"hooks", echoRun}}
	for turn, style := range styles {
		t.Run(style.name, func(t *testing.T) {
			noLeaks(t)
			u := &conn.Upgrader{Config: config(deflated)}
			s := httptest.NewTLSServer(u.Handler(style.echo))
			t.Cleanup(s.Close)
			dial := overTLS(s, s.Listener.Addr().String())
			cases := share(conformance.Cases(options(deflated, conformance.Brief)), turn)
			conformance.ServerCases(t, slices.DeleteFunc(cases, func(c conformance.Case) bool { return strings.HasSuffix(c.ID, "-deflate") }), dial)
		})
	}
}

// overTLS returns a dial function to addr that trusts the certificate of s, and
// resumes sessions since handshakes would cost more than the cases.
func overTLS(s *httptest.Server, addr string) func(context.Context) (net.Conn, error) {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	d := &tls.Dialer{Config: &tls.Config{
		RootCAs:            roots,
		ServerName:         "example.com",
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}}
	return func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", addr)
	}
}

func TestClientLoop(t *testing.T) {
	noLeaks(t)
	conformance.Client(t, options(deflated, conformance.Standard), dialer(deflated, echoLoop))
}

func TestClientLoopWithoutCompression(t *testing.T) {
	noLeaks(t)
	conformance.Client(t, options(plain, conformance.Brief), dialer(plain, echoLoop))
}

func TestClientHooks(t *testing.T) {
	noLeaks(t)
	conformance.Client(t, options(deflated, conformance.Brief), dialer(deflated, echoRun))
}

func TestClientStreams(t *testing.T) {
	noLeaks(t)
	o := options(deflated, conformance.Brief)
	o.Command = nil
	conformance.Client(t, o, dialer(deflated, echoStreams))
}
