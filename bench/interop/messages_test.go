package interop_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// messages are the behaviours of whole messages: their types, their sizes at
// every border of the length field (RFC 6455 §5.2), and their text.
func messages() []behaviour {
	all := []behaviour{
		{name: "unicode", run: unicode},
		{name: "text-holds-nul", run: echo(conn.Text, []byte("a\x00b\r\n\x7f"))},
		{name: "pipelined", run: pipelining},
	}
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		all = append(all,
			behaviour{name: fmt.Sprintf("text-of-%d-bytes", size), run: echo(conn.Text, letters(size))},
			behaviour{name: fmt.Sprintf("binary-of-%d-bytes", size), run: echo(conn.Binary, noise(size))},
		)
	}
	return all
}

func echo(op conn.Opcode, data []byte) func(context.Context, pair) error {
	return func(ctx context.Context, p pair) error { return roundTrip(ctx, p, op, data) }
}

// letters is text that compresses well.
func letters(n int) []byte {
	const line = `{"name":"Limosa lapponica","km":13560,"days":11} `
	return bytes.Repeat([]byte(line), n/len(line)+1)[:n]
}

// noise is n bytes that don't compress, always the same.
func noise(n int) []byte {
	p := make([]byte, n)
	x := uint32(2463534242)
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x >> 8)
	}
	return p
}

// unicode sends characters of every encoded length, at the borders of each.
func unicode(ctx context.Context, p pair) error {
	for _, text := range []string{
		"Uferschnepfe, Limosa limosa: grüßt",
		"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff",
		"\ufeffa byte order mark stays",
		"斑尾塍鹬 🐦 e\u0301 \u200fעברית",
	} {
		if err := roundTrip(ctx, p, conn.Text, []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// pipelined is how many messages are sent before the first is looked at.
const pipelined = 1000

// pipelining sends many small messages in a row, each way.
func pipelining(ctx context.Context, p pair) error {
	if err := burst(ctx, p.ours, p.theirs); err != nil {
		return fmt.Errorf("from ours: %w", err)
	}
	if err := burst(ctx, p.theirs, p.ours); err != nil {
		return fmt.Errorf("from theirs: %w", err)
	}
	return nil
}

func burst(ctx context.Context, from, to side) error {
	for i := range pipelined {
		if err := from.send(ctx, conn.Text, fmt.Append(nil, "message ", i)); err != nil {
			return err
		}
	}
	for i := range pipelined {
		if err := expectMessage(ctx, to, conn.Text, fmt.Append(nil, "message ", i)); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}
