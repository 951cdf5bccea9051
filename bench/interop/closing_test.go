package interop_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// closing are the behaviours of the closing handshake (RFC 6455 §7), begun by
// either end, with codes and reasons.
func closing() []behaviour {
	var all []behaviour
	longest := strings.Repeat("é", frame.MaxReason/2) + "!"
	for _, c := range []struct {
		name   string
		code   frame.Code
		reason string
		needs  ability // to send it
	}{
		{"1000", frame.CodeNormal, "", 0},
		{"1000-with-reason", frame.CodeNormal, "auf Wiedersehen, 再见 ✓", 0},
		{"1000-longest-reason", frame.CodeNormal, longest, 0},
		{"1001", frame.CodeGoingAway, "going", anyCode},
		{"1008", frame.CodePolicyViolation, "no", anyCode},
		{"1011", frame.CodeInternalError, "", anyCode},
		{"1013", frame.CodeTryAgainLater, "later", anyCode | newCodes},
		{"3000", 3000, "library", 0},
		{"4999", 4999, "", 0},
		{"empty", frame.CodeNoStatus, "", emptyClose},
	} {
		all = append(all,
			behaviour{name: "close-from-ours-" + c.name, run: func(ctx context.Context, p pair) error {
				return closeFromOurs(ctx, p, c.code, c.reason)
			}, needs: seesClose | c.needs&newCodes},
			behaviour{name: "close-from-theirs-" + c.name, run: func(ctx context.Context, p pair) error {
				return closeFromTheirs(ctx, p, c.code, c.reason)
			}, needs: closes | c.needs},
			behaviour{name: "close-answered-" + c.name, run: func(ctx context.Context, p pair) error {
				return closeAnswered(ctx, p, c.code, c.reason)
			}, needs: closes | c.needs | patient | seesClose},
		)
	}
	return append(all,
		behaviour{name: "close-behind-messages", run: closeBehindMessages, needs: seesClose},
		behaviour{name: "lost-by-theirs", run: lostByTheirs, needs: vanishes},
		behaviour{name: "lost-by-ours", run: lostByOurs, needs: seesClose},
		behaviour{name: "close-both-at-once", run: closeBoth, needs: closes | patient | seesClose},
	)
}

// closeFromOurs wants the code to arrive, and our own Close to succeed.
func closeFromOurs(ctx context.Context, p pair, code frame.Code, reason string) error {
	if err := p.ours.close(ctx, code, reason); err != nil {
		return fmt.Errorf("our Close: %w", err)
	}
	if err := expectClosed(ctx, p.theirs, code, reason); err != nil {
		return fmt.Errorf("theirs: %w", err)
	}
	if err := expectClosed(ctx, p.ours, code, reason); err != nil {
		return fmt.Errorf("ours: %w", err)
	}
	return nil
}

// closeFromTheirs wants the code to arrive at our end.
func closeFromTheirs(ctx context.Context, p pair, code frame.Code, reason string) error {
	if err := p.theirs.close(ctx, code, reason); err != nil {
		return fmt.Errorf("their close: %w", err)
	}
	if err := expectClosed(ctx, p.ours, code, reason); err != nil {
		return fmt.Errorf("ours: %w", err)
	}
	return nil
}

// closeAnswered wants our answer, which has the same code (RFC 6455 §5.5.1), to
// arrive at their end. Which reason that end then names, peers differ about.
func closeAnswered(ctx context.Context, p pair, code frame.Code, reason string) error {
	if err := p.theirs.close(ctx, code, reason); err != nil {
		return fmt.Errorf("their close: %w", err)
	}
	return expectCode(ctx, p.theirs, code)
}

// closeBehindMessages wants all that was sent before a Close to arrive.
func closeBehindMessages(ctx context.Context, p pair) error {
	const count = 50
	for i := range count {
		if err := p.ours.send(ctx, conn.Text, fmt.Append(nil, "before the end ", i)); err != nil {
			return err
		}
	}
	if err := p.ours.close(ctx, frame.CodeNormal, "end"); err != nil {
		return fmt.Errorf("our Close: %w", err)
	}
	for i := range count {
		if err := expectMessage(ctx, p.theirs, conn.Text, fmt.Append(nil, "before the end ", i)); err != nil {
			return err
		}
	}
	return expectClosed(ctx, p.theirs, frame.CodeNormal, "end")
}

// lostByTheirs wants 1006 at our end when theirs drops the connection.
func lostByTheirs(ctx context.Context, p pair) error {
	if err := roundTrip(ctx, p, conn.Text, []byte("here")); err != nil {
		return err
	}
	p.theirs.drop()
	return expectCode(ctx, p.ours, frame.CodeAbnormal)
}

// lostByOurs wants the same at their end.
func lostByOurs(ctx context.Context, p pair) error {
	p.ours.Abort()
	return expectCode(ctx, p.theirs, frame.CodeAbnormal)
}

// closeBoth lets the two Close frames cross: each is the answer to the other.
func closeBoth(ctx context.Context, p pair) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.theirs.close(ctx, 3001, "") // fails where it has answered our Close already
	}()
	err := p.ours.close(ctx, 3001, "")
	<-done
	if err != nil {
		return fmt.Errorf("our Close: %w", err)
	}
	return expectClosed(ctx, p.ours, 3001, "")
}
