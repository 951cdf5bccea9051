package main

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
	"github.com/godwit-ws/godwit/app/live"
)

// testClient returns the test page, the one that godwit new writes.
func testClient() string {
	page, err := skeleton.ReadFile("skeleton/test_client.html")
	if err != nil {
		panic("godwit: " + err.Error()) // it is there since the program was built
	}
	return string(page)
}

// addPages adds what serve answers to requests that ask for no WebSocket.
func (o *serveOptions) addPages(mux *http.ServeMux, srv *app.Server) {
	if o.console != "off" {
		mux.Handle("/{$}", console.New(srv, console.Config{Allow: o.allow(), Follow: livePath}))
	}
	mux.HandleFunc("/healthz", srv.Healthz)
	mux.Handle("GET /godwit.js", live.Script())
	mux.HandleFunc("GET /test_client.html", serveTestClient)
	for _, path := range demoPaths {
		mux.HandleFunc(path, upgradeRequired)
	}
}

// upgradeRequired tells what a path is for (RFC 9110 §15.5.22).
func upgradeRequired(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Connection", "Upgrade")
	http.Error(w, "This is a WebSocket route: connect to it with a WebSocket client.", http.StatusUpgradeRequired)
}

// serveTestClient sends the test page. It may run its own script and style, and load
// nothing.
func serveTestClient(w http.ResponseWriter, _ *http.Request) {
	page := testClient()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; img-src data:; connect-src 'self' ws: wss:; "+
		"style-src "+hashOf(page, "style")+"; script-src "+hashOf(page, "script"))
	io.WriteString(w, page) // an error means that nobody listens any more
}

// hashOf names the content of a page's first element of that kind in a
// Content-Security-Policy.
func hashOf(page, element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	content, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
