package conn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// handshaken is what a TLS server saw of a client.
type handshaken struct {
	name   string
	alpn   string
	offers []string
	certs  int
}

// tlsWorld is a world with a TLS server at a.example:443 that records its
// handshakes.
func tlsWorld(cfg *tls.Config, text string) (*world, *[]handshaken) {
	w := &world{hosts: map[string]func(net.Conn){}}
	var seen []handshaken
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		seen = append(seen, handshaken{name: hello.ServerName, offers: hello.SupportedProtos})
		return nil, nil
	}
	w.hosts["a.example:443"] = func(nc net.Conn) {
		s := tls.Server(nc, cfg)
		defer s.Close()
		if s.HandshakeContext(context.Background()) != nil {
			return
		}
		w.mu.Lock()
		last := &seen[len(seen)-1]
		last.alpn, last.certs = s.ConnectionState().NegotiatedProtocol, len(s.ConnectionState().PeerCertificates)
		w.mu.Unlock()
		w.answers(text)(s)
	}
	return w, &seen
}

func TestDialTLS(t *testing.T) {
	cert, pool := certificate()
	tests := []struct {
		name   string
		client *tls.Config
		server *tls.Config
		want   handshaken
	}{
		{"plain", clientTLS(), serverTLS(), handshaken{name: "a.example"}},
		{"server-name", &tls.Config{RootCAs: pool, ServerName: "b.example"}, serverTLS(), handshaken{name: "b.example"}},
		{"insecure", &tls.Config{InsecureSkipVerify: true}, serverTLS(), handshaken{name: "a.example"}},
		{"client-certificate", &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}},
			&tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert}, handshaken{name: "a.example", certs: 1}},
		{"next-protos-are-ours", &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "x"}},
			&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}, handshaken{name: "a.example", alpn: "http/1.1"}},
		{"tls-1.2", &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}, serverTLS(), handshaken{name: "a.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, seen := tlsWorld(tt.server, switching()+"\x81\x02hi")
				d := w.dialer()
				d.TLS = tt.client
				before := tt.client.Clone()
				c := mustDial(t, d, "wss://a.example/")
				if _, p, err := c.Read(t.Context()); string(p) != "hi" || err != nil {
					t.Errorf("Read = %q, %v", p, err)
				}
				tt.want.offers = []string{"http/1.1"}
				if diff := cmp.Diff([]handshaken{tt.want}, *seen, cmp.AllowUnexported(handshaken{})); diff != "" {
					t.Errorf("the server saw (-want +got):\n%s", diff)
				}
				if tt.client.ServerName != before.ServerName || !cmp.Equal(tt.client.NextProtos, before.NextProtos) {
					t.Error("the caller's configuration was changed")
				}
			})
		})
	}
}

func TestDialTLSFails(t *testing.T) {
	_, pool := certificate()
	foreign := serverTLS()
	foreign.NextProtos = []string{"mqtt"}
	old := serverTLS()
	old.MaxVersion = tls.VersionTLS12
	tests := []struct {
		name   string
		url    string
		client *tls.Config
		serve  func(*world) func(net.Conn)
		text   string // in the error
	}{
		{"unknown-authority", "wss://a.example/", &tls.Config{RootCAs: x509.NewCertPool()}, nil, "unknown authority"},
		{"other-host", "wss://other.example/", clientTLS(), nil, "not other.example"},
		{"other-server-name", "wss://a.example/", &tls.Config{RootCAs: pool, ServerName: "other.example"}, nil, "not other.example"},
		{"address", "wss://192.0.2.1/", clientTLS(), nil, "192.0.2.1"},
		{"version", "wss://a.example/", &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, func(w *world) func(net.Conn) {
			return func(nc net.Conn) { w.answers(switching())(tls.Server(nc, old)) }
		}, "protocol version"},
		{"other-protocol", "wss://a.example/", clientTLS(), func(w *world) func(net.Conn) {
			return func(nc net.Conn) { w.answers(switching())(tls.Server(nc, foreign)) }
		}, "no application protocol"},
		{"plain-http", "wss://a.example/", clientTLS(), func(w *world) func(net.Conn) {
			return func(nc net.Conn) { nc.Read(make([]byte, 1)); io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\n\r\n") }
		}, "does not look like a TLS handshake"},
		{"hangs-up", "wss://a.example/", clientTLS(), func(w *world) func(net.Conn) {
			return func(nc net.Conn) { nc.Read(make([]byte, 1)) }
		}, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{hosts: map[string]func(net.Conn){}}
				serve := secured(w.answers(switching()))
				if tt.serve != nil {
					serve = tt.serve(w)
				}
				for _, host := range []string{"a.example", "other.example", "192.0.2.1"} {
					w.hosts[host+":443"] = serve
				}
				d := w.dialer()
				d.TLS = tt.client
				c, err := d.Dial(t.Context(), strings.Replace(tt.url, "://", "://u:hunter2@", 1))
				if c != nil {
					c.Abort()
				}
				if err == nil || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("Dial: %v; want %q", err, tt.text)
				}
				if len(w.requests) > 0 {
					t.Error("the request was sent")
				}
			})
		})
	}
	t.Run("certificate-error-is-found", func(t *testing.T) {
		w, _ := tlsWorld(serverTLS(), switching())
		_, err := w.dialer().Dial(t.Context(), "wss://a.example/")
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			t.Errorf("Dial: %v", err)
		}
	})
}

// wss over sockets, both sides ours.
func TestDialTLSEcho(t *testing.T) {
	srv := httptest.NewTLSServer(conn.Handler(func(c *conn.Conn) error {
		for {
			op, p, err := c.Read(c.Context())
			if err != nil {
				return err
			}
			if err := c.Write(c.Context(), op, p); err != nil {
				return err
			}
		}
	}))
	defer srv.Close()
	d := &conn.Dialer{TLS: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	c := mustDial(t, d, srv.URL)
	for _, want := range []string{"", "hello", strings.Repeat("long ", 50_000)} {
		if err := c.WriteText(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.Read(t.Context()); string(p) != want || err != nil {
			t.Fatalf("Read = %.20q, %v; want %.20q", p, err, want)
		}
	}
	if err := c.Close(t.Context(), frame.CodeNormal, "bye"); err != nil {
		t.Error(err)
	}
}
