package conformance

import (
	"context"
	"net"
	"testing"
)

// Server runs all cases against the echo server that dial connects to, each as a
// parallel subtest named by its ID.
func Server(t *testing.T, o Options, dial func(context.Context) (net.Conn, error)) {
	t.Helper()
	each(t, o, func(ctx context.Context, c Case) error { return c.Server(ctx, dial) })
}

// Client runs all cases against an echo client, each as a parallel subtest named
// by its ID. See Case.Client for what connect must do.
func Client(t *testing.T, o Options, connect func(ctx context.Context, url string) error) {
	t.Helper()
	each(t, o, func(ctx context.Context, c Case) error { return c.Client(ctx, connect) })
}

func each(t *testing.T, o Options, run func(context.Context, Case) error) {
	t.Helper()
	for _, c := range Cases(o) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
}

// TCP returns a dial function for Server: connections to addr, "host:port".
func TCP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
}
