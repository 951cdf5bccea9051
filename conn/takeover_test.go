//go:build !race

package conn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// Context takeover must not cost megabytes a connection: ten thousand of them
// take tens of megabytes on a server.
func TestContextTakeoverIsSmall(t *testing.T) {
	const n = 300 // many, so that what pools keep counts little
	cfg := conn.Config{Compression: conn.Compression{Enabled: true}}
	message := strings.Repeat("something that is said again and again, with variations ", 1200)
	before := heap()
	for i := range n {
		server, client := pair(t, cfg)
		for range 3 {
			if err := client.WriteText(context.Background(), message[i:]); err != nil {
				t.Fatal(err)
			}
			if _, p, err := server.Read(context.Background()); err != nil || server.Write(context.Background(), conn.Text, p) != nil {
				t.Fatal(err)
			}
			if _, _, err := client.Read(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The client's end is measured along: it holds the server's window of 32 KiB.
	const clientWindow, clientHistory = 32 << 10, 4 << 10
	if each := (heap() - before) / n; each > clientWindow+clientHistory+28<<10 {
		t.Errorf("%d bytes of heap for both ends of a connection with context takeover", each)
	}
}
