package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// httpURL returns where the page of a server is.
func httpURL(s *server) string {
	return "http" + strings.TrimSuffix(strings.TrimPrefix(s.url, "ws"), "/echo")
}

func TestServe(t *testing.T) {
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	if want := "echo: " + s.url + "\n"; s.out.String() != want || !strings.HasSuffix(s.url, "/echo") {
		t.Errorf("printed %q, want %q with a URL of /echo", s.out, want)
	}
	s.err.await(t, "godwit dial "+s.url)
	s.err.await(t, httpURL(s)+"/ in a browser")
	c := dialTest(t, new(conn.Dialer), s.url)
	if got := exchange(t, c, conn.Text, []byte("你好")); string(got) != "你好" {
		t.Errorf("%q came back", got)
	}
	s.cancel()
	wantClosed(t, c, goingDown)
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, s.err)
	}
}

// TestServeCluster asks how several nodes are had.
func TestServeCluster(t *testing.T) {
	got := invoke(t, "", "serve", "--cluster")
	if want := "go install github.com/godwit-ws/godwit/app/cluster/cmd/godwit@latest\n"; got.code != exitOK || got.out != want {
		t.Errorf("exit status %d, printed %q, want %q", got.code, got.out, want)
	}
	if !strings.Contains(got.err, "-join nats://") {
		t.Errorf("said %q, which lacks how a node joins", got.err)
	}
}

func TestServePages(t *testing.T) {
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	for _, tt := range []struct {
		method, path string
		status       int
		kind, body   string
	}{
		{"GET", "/", http.StatusOK, "text/html", "<title>Godwit</title>"},
		{"GET", "/?live", http.StatusOK, "application/json", `"stats"`},
		{"GET", "/?routes", http.StatusOK, "application/json", `"/chat/{room}"`},
		{"GET", "/healthz", http.StatusOK, "application/json", `{"status":"ok","conns":0}`},
		{"GET", "/test_client.html", http.StatusOK, "text/html", "输入消息"},
		{"POST", "/test_client.html", http.StatusMethodNotAllowed, "text/plain", ""},
		{"GET", "/other", http.StatusNotFound, "text/plain", ""},
		{"POST", "/", http.StatusMethodNotAllowed, "text/plain", ""},
		{"GET", "/echo", http.StatusUpgradeRequired, "text/plain", "WebSocket"},
		{"GET", "/chat/lobby", http.StatusUpgradeRequired, "text/plain", "WebSocket"},
	} {
		resp, body := ask(t, s, tt.method, tt.path)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s %s: status %d\n%.300s\nwant status %d with %q", tt.method, tt.path, resp.StatusCode, body, tt.status, tt.body)
		}
		if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, tt.kind) {
			t.Errorf("%s %s: content type %q", tt.method, tt.path, kind)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no X-Content-Type-Options", tt.method, tt.path)
		}
	}
}

// ask sends an ordinary request to a server.
func ask(t *testing.T, s *server, method, path string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, httpURL(s)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestServeConsoleFor sets who may see the console.
func TestServeConsoleFor(t *testing.T) {
	for _, tt := range []struct {
		who           string
		local, remote int
	}{
		{"local", http.StatusOK, http.StatusForbidden},
		{"any", http.StatusOK, http.StatusOK},
		{"off", http.StatusNotFound, http.StatusNotFound},
	} {
		s := start(t, "serve", "--addr", "127.0.0.1:0", "--console", tt.who)
		if resp, _ := ask(t, s, "GET", "/"); resp.StatusCode != tt.local {
			t.Errorf("--console %s: status %d for a browser on this machine, want %d", tt.who, resp.StatusCode, tt.local)
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", httpURL(s)+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "demo.example" // as from elsewhere
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.remote {
			t.Errorf("--console %s: status %d for another, want %d", tt.who, resp.StatusCode, tt.remote)
		}
	}
}

func TestServeUsage(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--console", "me"}, "--console me: write local, any or off"},
		{[]string{"--log-level", "loud"}, "--log-level loud: write debug, info, warn or error"},
		{[]string{"--tls-cert", "cert.pem"}, "--tls-cert and --tls-key come together"},
		{[]string{"--origin", "https://a b"}, "--origin https://a b: "},
	} {
		got := invoke(t, "", append([]string{"serve", "--addr", "127.0.0.1:0"}, tt.args...)...)
		if got.code != exitUsage || !strings.Contains(got.err, tt.want) {
			t.Errorf("%q: exit status %d, %q; want %d and %q", tt.args, got.code, got.err, exitUsage, tt.want)
		}
	}
}

// TestServeTLS serves with a certificate from files.
func TestServeTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	s := start(t, "serve", "--addr", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--compress")
	if !strings.HasPrefix(s.url, "wss://") {
		t.Fatalf("the URL is %s", s.url)
	}
	d := &conn.Dialer{TLS: &tls.Config{RootCAs: pool}, Config: conn.Config{Compression: conn.Compression{Enabled: true}}}
	c := dialTest(t, d, s.url)
	if got := exchange(t, c, conn.Text, []byte("你好")); string(got) != "你好" || !c.Compressed() {
		t.Errorf("%q came back, compressed %v", got, c.Compressed())
	}
	s.err.await(t, "Open https://")
}

// TestServeLogs sees a connection at level debug.
func TestServeLogs(t *testing.T) {
	s := start(t, "serve", "--addr", "127.0.0.1:0", "--log-level", "debug")
	dialTest(t, new(conn.Dialer), s.url)
	s.err.await(t, "godwit.connection - DEBUG - connected")
}

// TestServeOrigins lets pages of its own and of files in, and no others.
func TestServeOrigins(t *testing.T) {
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	for origin, want := range map[string]int{
		httpURL(s):            0,
		"null":                0,
		"https://example.com": http.StatusForbidden,
	} {
		d := &conn.Dialer{Header: http.Header{"Origin": {origin}}}
		c, err := d.Dial(t.Context(), s.url)
		got := 0
		if e, ok := errors.AsType[*conn.DialError](err); ok {
			got = e.Status
		} else if err != nil {
			t.Error(err)
		} else {
			c.Abort()
		}
		if got != want {
			t.Errorf("origin %s: status %d, want %d", origin, got, want)
		}
	}
}

// TestServeStopsWithOpenRequest goes down while a request is half sent.
func TestServeStopsWithOpenRequest(t *testing.T) {
	t.Parallel()
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	nc, err := net.Dial("tcp", strings.TrimPrefix(httpURL(s), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET / HTTP/1.1\r\n")
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, s.err)
	}
}
