package interop_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// controls are the behaviours of pings and pongs (RFC 6455 §5.5.2, §5.5.3).
func controls() []behaviour {
	return []behaviour{
		{name: "ping-from-ours", run: func(ctx context.Context, p pair) error {
			if _, err := p.ours.Ping(ctx); err != nil {
				return err
			}
			return roundTrip(ctx, p, conn.Text, []byte("after the pong"))
		}},
		{name: "ping-from-theirs", needs: pings, run: pingFromTheirs},
		{name: "pings-among-messages", needs: pings, run: pingsAmongMessages},
	}
}

// pingFromTheirs checks the payload of the pong, for peers that choose it.
func pingFromTheirs(ctx context.Context, p pair) error {
	for _, payload := range [][]byte{{}, []byte("x"), noise(125)} {
		if err := p.theirs.ping(ctx, payload); err != nil {
			return err
		}
		e, err := p.theirs.next(ctx)
		if err != nil {
			return fmt.Errorf("waiting for a pong: %w", err)
		}
		if _, own := p.theirs.(ownPings); e.kind != pong || !own && !bytes.Equal(e.data, payload) {
			return fmt.Errorf("got %v; want %v", e, event{kind: pong, data: payload})
		}
	}
	return roundTrip(ctx, p, conn.Text, []byte("after the pongs"))
}

// ownPings marks an end that chooses the payload of its pings itself, and
// compares the pongs with it.
type ownPings interface{ ownPings() }

// pingsAmongMessages pings both ways while messages are on their way.
func pingsAmongMessages(ctx context.Context, p pair) error {
	for i := range 20 {
		text := fmt.Append(nil, "between pings ", i)
		if err := p.ours.send(ctx, conn.Text, text); err != nil {
			return err
		}
		if err := p.ours.ping(ctx, nil); err != nil {
			return err
		}
		if err := expectMessage(ctx, p.theirs, conn.Text, text); err != nil {
			return err
		}
		if err := p.theirs.ping(ctx, nil); err != nil {
			return err
		}
		for _, end := range []side{p.ours, p.theirs} {
			if err := expectPong(ctx, end); err != nil {
				return err
			}
		}
	}
	return nil
}
