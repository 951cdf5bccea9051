package console_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/console"
)

// A console at /console, beside a page of one's own at /.
func ExampleNew() {
	mux := http.NewServeMux()
	srv, err := app.New(app.Config{Addr: "127.0.0.1:0", HTTP: mux})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "my own page") })
	mux.Handle("/console", console.New(srv, console.Config{}))

	if err := srv.Listen(); err != nil {
		fmt.Println(err)
		return
	}
	go srv.ServeForever()
	defer srv.Shutdown(context.Background())
	for _, path := range []string{"/", "/console"} {
		resp, err := http.Get("http://" + srv.Addr().String() + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	// Output:
	// / 200 text/plain; charset=utf-8
	// /console 200 text/html; charset=utf-8
}

// The console for the machines of one network. Behind a proxy RemoteAddr is the
// proxy's: let it decide who comes through.
func ExampleConfig() {
	office := netip.MustParsePrefix("192.0.2.0/24")
	fromOffice := func(r *http.Request) bool {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && office.Contains(peer.Addr().Unmap())
	}
	srv, err := app.New(app.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := console.New(srv, console.Config{Allow: fromOffice})
	for _, peer := range []string{"192.0.2.7:50000", "198.51.100.7:50000"} {
		r := httptest.NewRequest("GET", "/console", nil)
		r.RemoteAddr = peer
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(peer, w.Code)
	}
	// Output:
	// 192.0.2.7:50000 200
	// 198.51.100.7:50000 403
}
