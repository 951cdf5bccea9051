package interop_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// crowd is how many connections are open at once.
const crowd = 100

// crowds are the behaviours of many connections.
func crowds() []behaviour {
	return []behaviour{{name: "concurrent", run: concurrent}}
}

// concurrent opens many connections with one server, and has messages go both
// ways on all of them at once.
func concurrent(ctx context.Context, first pair) error {
	all := []pair{first}
	for len(all) < crowd {
		p, err := first.again(ctx)
		if err != nil {
			return fmt.Errorf("connection %d: %w", len(all), err)
		}
		defer p.drop()
		all = append(all, p)
	}
	results := make(chan error, crowd)
	for i, p := range all {
		go func() { results <- chat(ctx, p, i) }()
	}
	var failure error
	for range all {
		if err := <-results; err != nil {
			failure = err
		}
	}
	return failure
}

// chat sends messages that only connection i should see.
func chat(ctx context.Context, p pair, i int) error {
	for n := range 5 {
		if err := roundTrip(ctx, p, conn.Text, fmt.Appendf(nil, "connection %d, message %d", i, n)); err != nil {
			return fmt.Errorf("connection %d, message %d: %w", i, n, err)
		}
	}
	return nil
}
