package interop_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// fragmentation are the behaviours of messages in several frames (RFC 6455 §5.4).
func fragmentation() []behaviour {
	var all []behaviour
	for _, m := range []struct {
		name  string
		op    conn.Opcode
		parts [][]byte
	}{
		{"three-frames", conn.Binary, [][]byte{noise(300), noise(70), noise(126)}},
		{"cut-in-character", conn.Text, [][]byte{[]byte("1234567890123456\xe2"), []byte("\x82"), []byte("\xac and on it goes, cut within the euro sign")}},
		{"empty-frames", conn.Text, [][]byte{{}, letters(50), {}, letters(60), {}}},
		{"long-frames", conn.Binary, [][]byte{noise(65535), noise(65536), noise(200000)}},
	} {
		all = append(all,
			behaviour{name: "fragments-from-ours-" + m.name, needs: joins, run: func(ctx context.Context, p pair) error {
				return deliver(ctx, p.ours, p.theirs, m.op, m.parts...)
			}},
			behaviour{name: "fragments-from-theirs-" + m.name, needs: fragments, run: func(ctx context.Context, p pair) error {
				return deliver(ctx, p.theirs, p.ours, m.op, m.parts...)
			}},
		)
	}
	return append(all,
		behaviour{name: "ping-between-fragments", needs: joins, run: pingBetween},
		behaviour{name: "many-fragments", needs: joins, run: manyFragments},
	)
}

// pingBetween sends a ping within a message: it is answered before the message
// has ended (RFC 6455 §5.5.2).
func pingBetween(ctx context.Context, p pair) error {
	w, err := p.ours.Writer(ctx, conn.Text)
	if err != nil {
		return err
	}
	defer w.Close()
	w.Write([]byte("before, ")) // its error comes again in Flush
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := p.ours.Ping(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	w.Write([]byte("after")) // its error comes again in Close
	if err := w.Close(); err != nil {
		return err
	}
	return expectMessage(ctx, p.theirs, conn.Text, []byte("before, after"))
}

// manyFragments sends each byte in a frame of its own.
func manyFragments(ctx context.Context, p pair) error {
	text := letters(500)
	parts := make([][]byte, len(text))
	for i := range text {
		parts[i] = text[i : i+1]
	}
	return deliver(ctx, p.ours, p.theirs, conn.Text, parts...)
}
