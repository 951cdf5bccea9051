package conformance

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Server runs all cases against the echo server that dial connects to, each as a
// subtest named by its ID, many at once.
func Server(t *testing.T, o Options, dial func(context.Context) (net.Conn, error)) {
	t.Helper()
	ServerCases(t, Cases(o), dial)
}

// ServerCases is Server with some of the cases.
func ServerCases(t *testing.T, cases []Case, dial func(context.Context) (net.Conn, error)) {
	t.Helper()
	each(t, cases, func(ctx context.Context, c Case) error { return c.Server(ctx, dial) })
}

// Client runs all cases against an echo client, each as a subtest named by its
// ID, many at once. See Case.Client for what connect must do.
func Client(t *testing.T, o Options, connect func(ctx context.Context, url string) error) {
	t.Helper()
	each(t, Cases(o), func(ctx context.Context, c Case) error { return c.Client(ctx, connect) })
}

// How many cases run at once. Many only wait; those that move megabytes do not.
const (
	workers     = 16
	bulkWorkers = 2
)

// maxFailures is how many cases may fail before the rest is skipped: by then the
// fault is a general one, and each case may wait for its answer for seconds.
const maxFailures = 30

// each runs the cases as subtests on goroutines of its own, since t.Parallel runs no
// more at once than there are processors.
func each(t *testing.T, cases []Case, run func(context.Context, Case) error) {
	t.Helper()
	queue := make(chan Case)
	bulk := make(chan struct{}, bulkWorkers)
	var failures atomic.Int32
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for c := range queue {
				t.Run(c.ID, func(t *testing.T) {
					if failures.Load() > maxFailures {
						t.Skip("too many cases have failed")
					}
					if c.bulk && c.chop == 0 {
						bulk <- struct{}{}
						defer func() { <-bulk }()
					}
					if err := run(t.Context(), c); err != nil {
						failures.Add(1)
						t.Error(err)
					}
				})
			}
		})
	}
	for _, c := range cases {
		queue <- c
	}
	close(queue)
	all.Wait()
}

// TCP returns a dial function for Server: connections to addr, "host:port".
func TCP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
}
