package interop_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// TestBrowserOrigin holds the check of origins (RFC 6455 §10.2) against a
// browser, which is whom it is for.
func TestBrowserOrigin(t *testing.T) {
	b := startBrowser(t)
	elsewhere := httptest.NewServer(b)
	t.Cleanup(elsewhere.Close)
	for _, tt := range []struct {
		name    string
		origins handshake.Origins
		foreign bool // the page is another server's
		want    bool
	}{
		{name: "same-origin", want: true},
		{name: "other-origin", foreign: true},
		{name: "other-origin-allowed", foreign: true, origins: handshake.Origins{Allow: []string{elsewhere.URL}}, want: true},
		{name: "another-origin-allowed", foreign: true, origins: handshake.Origins{Allow: []string{"https://example.com"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			mux := http.NewServeMux()
			mux.Handle("/", b)
			u := &conn.Upgrader{Origins: tt.origins}
			mux.Handle("/socket", u.Handler(func(c *conn.Conn) error {
				<-c.DiscardReads().Done()
				return nil
			}))
			h := httptest.NewServer(mux)
			defer h.Close()
			page := h.URL
			if tt.foreign {
				page = elsewhere.URL
			}
			a, err := b.open(ctx, page)
			if err != nil {
				t.Fatal(err)
			}
			end, err := a.dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/socket", terms{})
			if got := err == nil; got != tt.want {
				t.Errorf("connected: %v (%v); want %v", got, err, tt.want)
			}
			if err == nil {
				end.drop()
			}
		})
	}
}
