package interop_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// secured are the behaviours over TLS.
func secured(c *certificate) []behaviour {
	tls := terms{cert: c}
	return []behaviour{
		{name: "wss", needs: secures, ours: tls, their: tls, run: overTLS},
		{name: "wss-close", needs: secures | seesClose, ours: tls, their: tls, run: func(ctx context.Context, p pair) error {
			return closeFromOurs(ctx, p, frame.CodeNormal, "over TLS")
		}},
	}
}

// overTLS sends messages smaller and larger than TLS's records.
func overTLS(ctx context.Context, p pair) error {
	for _, size := range []int{0, 100, 16 << 10, 1 << 20} {
		if err := roundTrip(ctx, p, conn.Binary, noise(size)); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
	}
	return nil
}
