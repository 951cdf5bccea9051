package conformance_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
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

func TestServerTLS(t *testing.T) {
	for _, tt := range []struct {
		name string
		echo func(*conn.Conn) error
	}{{"loop", echoLoop}, {"hooks", echoRun}} {
		t.Run(tt.name, func(t *testing.T) {
			u := &conn.Upgrader{Config: config(deflated)}
			s := httptest.NewTLSServer(u.Handler(tt.echo))
			t.Cleanup(s.Close)
			conformance.Server(t, options(deflated, conformance.Brief), overTLS(s))
		})
	}
}

// overTLS returns a dial function that trusts the server.
func overTLS(s *httptest.Server) func(context.Context) (net.Conn, error) {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	d := &tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "example.com"}}
	return func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", strings.TrimPrefix(s.URL, "https://"))
	}
}

func TestClientLoop(t *testing.T) {
	conformance.Client(t, options(deflated, conformance.Standard), dialer(deflated, echoLoop))
}

func TestClientLoopWithoutCompression(t *testing.T) {
	conformance.Client(t, options(plain, conformance.Brief), dialer(plain, echoLoop))
}

func TestClientHooks(t *testing.T) {
	conformance.Client(t, options(deflated, conformance.Brief), dialer(deflated, echoRun))
}
