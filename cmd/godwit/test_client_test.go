package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/internal/chromium"
)

// TestSeed116TestClientHTMLFromFile uses the test page, opened from a file, in which
// the server's address has been changed to the one at hand.
func TestSeed116TestClientHTMLFromFile(t *testing.T) {
	t.Parallel()
	b := chromium.Start(t)
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	const usual = "localhost:8765"
	if strings.Count(testClient(), usual) != 1 {
		t.Fatalf("the page doesn't name %s once", usual)
	}
	text := strings.Replace(testClient(), usual, strings.TrimPrefix(httpURL(s), "http://"), 1)
	file := filepath.Join(t.TempDir(), "test_client.html")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	page := url.URL{Scheme: "file", Path: filepath.ToSlash(file)}
	useTestClient(t, b.Open(t, page.String()), s)
}

// TestSeed116TestClientHTMLFromServer does the same with the page that the server has.
func TestSeed116TestClientHTMLFromServer(t *testing.T) {
	t.Parallel()
	b := chromium.Start(t)
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	useTestClient(t, b.Open(t, httpURL(s)+"/test_client.html"), s)
}

// useTestClient does with the test page what the quick start does.
func useTestClient(t *testing.T, p *chromium.Page, s *server) {
	t.Helper()
	p.AwaitText("#output", "初始消息: Hello")
	p.Fill("#message", "第一条")
	p.Click("#form button")
	p.AwaitText("#output", "第一条")
	p.Fill("#message", "second")
	p.Press("Enter")
	p.AwaitText("#output", "second")
	p.Fill("#message", "   ")
	p.Press("Enter") // is not sent

	const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	p.Fill("#message", evil)
	p.Press("Enter")
	p.AwaitText("#output", evil)
	var lines []string
	p.Eval(`Array.from(document.querySelectorAll("#output p"), (line) => line.textContent)`, &lines)
	if got, want := strings.Join(lines, "|"), "初始消息: Hello|第一条|second|"+evil; got != want {
		t.Errorf("the page shows %q, want %q", got, want)
	}
	var title string
	if p.Eval(`document.title`, &title); title != "WebSocket test client" || len(p.Alerts()) > 0 {
		t.Errorf("title %q, alerts %q", title, p.Alerts())
	}

	p.Expect("WebSocket connection to")
	s.stop(t)
	p.AwaitText("#status", "1001 server shutting down")
	p.Click("#again")
	p.AwaitAlert("连接失败，请检查服务器是否运行！")
}
