package main

import (
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

func TestServePages(t *testing.T) {
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/", http.StatusOK, "godwit dial " + s.url},
		{"GET", "/", http.StatusOK, `new WebSocket("` + s.url + `")`},
		{"GET", "/other", http.StatusNotFound, ""},
		{"POST", "/", http.StatusMethodNotAllowed, ""},
		{"GET", "/echo", http.StatusUpgradeRequired, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, httpURL(s)+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s %s: status %d, %v\n%s\nwant status %d with %q", tt.method, tt.path, resp.StatusCode, err, body, tt.status, tt.body)
		}
		if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("%s %s: content type %q", tt.method, tt.path, kind)
		}
	}
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
