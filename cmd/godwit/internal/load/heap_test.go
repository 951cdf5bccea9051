package load_test

import (
	"expvar"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
	"github.com/godwit-ws/godwit/conn"
)

// TestServerVars counts the allocations of this very process, in which a server runs
// as well that makes three a message.
func TestServerVars(t *testing.T) {
	vars := httptest.NewServer(expvar.Handler())
	defer vars.Close()
	var sink atomic.Pointer[[64]byte] // what it makes must be on the heap
	url := serve(t, hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
		for range 3 {
			sink.Store(new([64]byte))
		}
		return echo(c, op, p)
	}})
	got := runUntilCounted(t, brief(load.Config{URL: url, ServerVars: vars.URL}))
	if a := got.Server.AllocationsPerMessage; a <= 0 {
		t.Errorf("%v allocations a message", a)
	}
	var text strings.Builder
	if err := got.WriteText(&text); err != nil || !strings.Contains(text.String(), "server allocations") {
		t.Errorf("%v, %s", err, &text)
	}
}

func TestBadServerVars(t *testing.T) {
	url := serve(t, hooks{message: echo})
	for _, tt := range []struct{ name, body, want string }{
		{"no-json", "rubbish", "the server's variables at http://"},
		{"no-figures", `{"cmdline": []}`, "no memstats"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vars := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(tt.body)) }))
			defer vars.Close()
			_, err := load.Run(t.Context(), brief(load.Config{URL: url, ServerVars: vars.URL}))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
