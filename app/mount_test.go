package app_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// whoami is a handler that says who its client is.
type whoami struct{ app.Application }

func (*whoami) OnOpen(c *app.Conn) error {
	r := c.Request()
	return c.SendJSON([]any{c.ClientAddress().Addr(), r.Host(), r.Secure(), r.TLS() != nil})
}

func newWhoami() any { return new(whoami) }

func TestMountInMux(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
	s, err := app.New(app.Config{HTTP: page})
	if err != nil {
		t.Fatal(err)
	}
	route(t, s.Router(), "/ws/{name}", func() any {
		return &watcher{open: func(c *app.Conn) error { return c.SendText(c.Param("name")) }, ends: make(chan *app.CloseError, 1)}
	})
	mux := http.NewServeMux()
	mux.Handle("/ws/", s)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	c := dial(t, url+"/ws/%E4%BD%A0")
	c.want("你")
	c.DiscardReads()
	if code, _ := status(t, new(conn.Dialer), url+"/ws/a/b"); code != http.StatusNotFound {
		t.Errorf("no route: status %d", code)
	}
	resp, err := http.Get(server.URL + "/ws/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "page" {
		t.Errorf("ordinary request: %d %q", resp.StatusCode, body)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Several requests on one connection: pages, then a WebSocket, as a proxy with
// connections kept open sends them.
func TestUpgradeOnKeptConnection(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
	_, url := serve(t, app.Config{HTTP: page}, func(r *app.Router) { route(t, r, "/who", newWhoami) })
	addr := strings.TrimPrefix(url, "ws://")
	get := "GET /x HTTP/1.1\r\nHost: " + addr + "\r\n\r\n"
	upgrade := "GET /who HTTP/1.1\r\nHost: " + addr + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	answer := raw(t, addr, get+get+upgrade+"\x88\x80\x00\x00\x00\x00")
	if n := strings.Count(answer, "HTTP/1.1 200 OK"); n != 2 {
		t.Errorf("%d pages, want 2:\n%s", n, answer)
	}
	if !strings.Contains(answer, "101 Switching Protocols") || !strings.Contains(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") || !strings.Contains(answer, `["127.0.0.1"`) {
		t.Errorf("no WebSocket after them:\n%s", answer)
	}
}

func TestBehindProxies(t *testing.T) {
	trusted := app.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	tests := map[string]struct {
		config app.Config
		header http.Header
		want   string
	}{
		"direct":        {app.Config{}, nil, `["127.0.0.1","HOST",false,false]`},
		"untrusted":     {app.Config{}, http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}}, `["127.0.0.1","HOST",false,false]`},
		"x-forwarded":   {trusted, http.Header{"X-Forwarded-For": {"198.51.100.1, 192.0.2.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"example.com"}}, `["192.0.2.7","example.com",true,false]`},
		"forwarded":     {trusted, http.Header{"Forwarded": {`for="[2001:db8::1]:4711";proto=https;host=example.com`}}, `["2001:db8::1","example.com",true,false]`},
		"nothing-there": {trusted, nil, `["127.0.0.1","HOST",false,false]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, tt.config, func(r *app.Router) { route(t, r, "/", newWhoami) })
			want := strings.Replace(tt.want, "HOST", strings.TrimPrefix(url, "ws://"), 1)
			dialWith(t, &conn.Dialer{Header: tt.header}, url).want(want)
		})
	}
}

func TestProxyProtocol(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	_, url := serve(t, app.Config{ProxyProtocol: true, TrustedProxies: trusted}, func(r *app.Router) { route(t, r, "/", newWhoami) })
	addr := strings.TrimPrefix(url, "ws://")
	upgrade := "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x88\x80\x00\x00\x00\x00"
	if answer := raw(t, addr, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n"+upgrade); !strings.Contains(answer, `["192.0.2.7","h",false,false]`) {
		t.Errorf("version 1: %q", answer)
	}
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x08\xc0\x00\x02\x01\x12\x67\x00\x50"
	if answer := raw(t, addr, v2+upgrade); !strings.Contains(answer, `["192.0.2.8","h",false,false]`) {
		t.Errorf("version 2: %q", answer)
	}
	if answer := raw(t, addr, upgrade); answer != "" {
		t.Errorf("without a header: %q, want nothing", answer)
	}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	_, url = serve(t, app.Config{ProxyProtocol: true, TrustedProxies: elsewhere}, nil)
	if answer := raw(t, strings.TrimPrefix(url, "ws://"), v2+upgrade); answer != "" {
		t.Errorf("from another than the proxy: %q, want nothing", answer)
	}
}

// A page is of the same origin if it comes from the host that the client asked the
// proxy for.
func TestOriginBehindProxy(t *testing.T) {
	trusted := app.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	header := http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"example.com"}, "Origin": {"https://example.com"}}
	_, url := serve(t, trusted, func(r *app.Router) { route(t, r, "/", newWhoami) })
	dialWith(t, &conn.Dialer{Header: header}, url).want(`["192.0.2.7","example.com",true,false]`)
	_, url = serve(t, app.Config{}, func(r *app.Router) { route(t, r, "/", newWhoami) })
	if code, _ := status(t, &conn.Dialer{Header: header}, url); code != http.StatusForbidden {
		t.Errorf("the same fields from anybody: status %d, want 403", code)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for range 2 { // the second finds the first one's socket gone
		s, _ := serve(t, app.Config{Addr: "unix:" + path, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}},
			func(r *app.Router) { route(t, r, "/", newWhoami) })
		d := &conn.Dialer{
			NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", path)
			},
			Header: http.Header{"X-Forwarded-For": {"192.0.2.7"}},
		}
		c := dialWith(t, d, "ws://h/")
		c.want(`["192.0.2.7","h",false,false]`)
		c.DiscardReads()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	l, err := net.Listen("unix", path) // one that is left behind
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	serve(t, app.Config{Addr: "unix:" + path}, nil)
}

func TestTLS(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	defer pair.Close()
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	_, url := serve(t, app.Config{HTTP: page, TLS: &tls.Config{Certificates: pair.TLS.Certificates}},
		func(r *app.Router) { route(t, r, "/", newWhoami) })
	client := pair.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com"
	addr := strings.TrimPrefix(url, "ws://")
	dialWith(t, &conn.Dialer{TLS: client}, "wss://"+addr).want(`["127.0.0.1","` + addr + `",true,true]`)
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: client}}
	defer web.CloseIdleConnections()
	resp, err := web.Get("https://" + addr + "/page")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "HTTP/1.1" {
		t.Errorf("page over TLS: %q", body)
	}
}
