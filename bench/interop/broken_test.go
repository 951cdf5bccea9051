package interop_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// broken are the behaviours towards what breaks the rules or a limit: the one
// who finds it says so with a close code, and the other one is told (RFC 6455
// §7.1.7, §8.1).
func broken() []behaviour {
	return []behaviour{
		{name: "bad-text-from-theirs", needs: sendsBad | seesClose, run: badTextFromTheirs},
		{name: "bad-text-from-ours", needs: checksText, raw: true, run: badTextFromOurs(frame.CodeInvalidPayload)},
		{name: "bad-text-from-ours-1002", needs: checksText1002, raw: true, run: badTextFromOurs(frame.CodeProtocolError)},
		{name: "bad-text-refused", run: badTextRefused},
		{name: "too-big-from-theirs", needs: seesClose, ours: terms{maxMessage: 1000}, run: tooBigFromTheirs},
		{
			name: "too-big-inflated-from-theirs", needs: seesClose | compresses, run: tooBigFromTheirs,
			ours:  terms{maxMessage: 1000, deflate: noTakeover()},
			their: terms{deflate: noTakeover()},
		},
		{name: "at-the-limit-from-theirs", ours: terms{maxMessage: 1000}, run: func(ctx context.Context, p pair) error {
			return deliver(ctx, p.theirs, p.ours, conn.Text, letters(1000))
		}},
	}
}

var badText = []byte("good so far, then \xc0\xaf")

func badTextFromTheirs(ctx context.Context, p pair) error {
	if err := p.theirs.send(ctx, conn.Text, badText); err != nil {
		return err
	}
	return failedByUs(ctx, p, frame.CodeInvalidPayload)
}

// failedByUs wants our end to have failed the connection with code, and their
// end to have received it.
func failedByUs(ctx context.Context, p pair, code frame.Code) error {
	if err := expectCode(ctx, p.ours, code); err != nil {
		return fmt.Errorf("ours: %w", err)
	}
	if err := expectCode(ctx, p.theirs, code); err != nil {
		return fmt.Errorf("theirs: %w", err)
	}
	return nil
}

// badTextFromOurs goes behind our own back, and wants the peer's answer to reach
// us.
func badTextFromOurs(answer frame.Code) func(context.Context, pair) error {
	return func(ctx context.Context, p pair) error {
		if err := p.ours.sendRaw(conn.Text, badText); err != nil {
			return err
		}
		return expectCode(ctx, p.ours, answer)
	}
}

// badTextRefused wants such text to be an error that leaves the connection
// usable.
func badTextRefused(ctx context.Context, p pair) error {
	if err := p.ours.send(ctx, conn.Text, badText); err != conn.ErrNotUTF8 {
		return fmt.Errorf("Write gave %v; want ErrNotUTF8", err)
	}
	return roundTrip(ctx, p, conn.Text, []byte("still here"))
}

func tooBigFromTheirs(ctx context.Context, p pair) error {
	p.theirs.send(ctx, conn.Text, letters(300_000)) // it may notice our Close while it sends
	return failedByUs(ctx, p, frame.CodeMessageTooBig)
}

// noTakeover is the compression that all peers have.
func noTakeover() *handshake.DeflatePolicy {
	return &handshake.DeflatePolicy{ServerNoContextTakeover: true, ClientNoContextTakeover: true}
}
