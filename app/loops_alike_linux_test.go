package app_test

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// goodbye is a Close frame with code 1000, masked with zeros.
const goodbye = "\x88\x82\x00\x00\x00\x00\x03\xe8"

// clients are what clients send, and all of it at once: what ends a connection is in it.
var clients = map[string]string{
	"close-behind-request":   wsRequest + goodbye,
	"messages-behind":        wsRequest + strings.Repeat("\x81\x85\x00\x00\x00\x00hello", 300) + goodbye,
	"unmasked-behind":        wsRequest + "\x81\x05hello",
	"bad-text-behind":        wsRequest + "\x81\x81\x00\x00\x00\x00\xff",
	"no-route":               strings.Replace(wsRequest, "GET / ", "GET /none ", 1) + "\x81\x85\x00\x00\x00\x00hello",
	"panic":                  strings.Replace(wsRequest, "GET / ", "GET /panics ", 1),
	"refused":                strings.Replace(wsRequest, "GET / ", "GET /refuses ", 1),
	"origin":                 strings.Replace(wsRequest, "Host: h", "Host: h\r\nOrigin: http://other", 1),
	"version":                strings.Replace(wsRequest, "Version: 13", "Version: 8", 1),
	"post":                   strings.Replace(wsRequest, "GET", "POST", 1),
	"http-1.0":               strings.Replace(wsRequest, "HTTP/1.1", "HTTP/1.0", 1),
	"http-2":                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	"tls":                    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\n", 500),
	"lines-end-in-lf":        strings.ReplaceAll(wsRequest, "\r\n", "\n"),
	"header-too-long":        strings.Replace(wsRequest, "Host: h", "Host: h\r\nX: "+strings.Repeat("x", 9000), 1),
	"plain":                  "POST /web HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
	"plain-chunked":          "POST /web HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"plain-then-upgrade":     "GET /web HTTP/1.1\r\nHost: h\r\n\r\n" + wsRequest + "\x81\x85\x00\x00\x00\x00hello" + goodbye,
	"plain-then-no-route":    "GET /web HTTP/1.1\r\nHost: h\r\n\r\n" + strings.Replace(wsRequest, "GET / ", "GET /none ", 1),
	"request-is-never-whole": wsRequest[:40],
}

// Clients get the same answers, byte for byte, whatever the engine.
func TestLoopsAnswerAlike(t *testing.T) {
	t.Parallel() // it waits
	want := answersOf(t, nil)
	bothLoops(t, func(t *testing.T, e *eventloop.Engine) {
		if diff := cmp.Diff(want, answersOf(t, e)); diff != "" {
			t.Errorf("answers (-blocking +loops):\n%s", diff)
		}
	})
}

var date = regexp.MustCompile(`Date: [^\r]*\r\n`)

// answersOf returns what each of clients receives until the end.
func answersOf(t *testing.T, e *eventloop.Engine) map[string]string {
	t.Helper()
	web := http.NewServeMux()
	web.HandleFunc("/web", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	limits := conn.Config{HandshakeTimeout: 500 * time.Millisecond}
	s, _ := serve(t, app.Config{Engine: e, HTTP: web, Limits: limits}, func(r *app.Router) {
		factory := func() any { return new(repeats) }
		route(t, r, "/", factory)
		route(t, r, "/panics", factory, func(app.Acceptor) app.Acceptor {
			return func(*app.Request) (app.Handler, error) { panic("as asked") }
		})
		route(t, r, "/refuses", factory, func(app.Acceptor) app.Acceptor {
			return func(*app.Request) (app.Handler, error) {
				return nil, app.Refuse(http.StatusUnauthorized, "as asked")
			}
		})
	})
	var mu sync.Mutex
	got := make(map[string]string)
	var waiting sync.WaitGroup
	for name, text := range clients {
		nc := connect(t, s.Addr(), text)
		waiting.Go(func() {
			answer := readAll(t, nc)
			mu.Lock()
			defer mu.Unlock()
			got[name] = date.ReplaceAllString(answer, "")
		})
	}
	waiting.Wait()
	return got
}

// readAll returns what comes until the end.
func readAll(t *testing.T, nc net.Conn) string {
	p, err := io.ReadAll(nc)
	if err != nil {
		t.Errorf("after %q: %v", p, err)
	}
	return string(p)
}
