package interop_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// compression are the behaviours of permessage-deflate (RFC 7692). Each lets
// one end ask for something, the other take what comes.
func compression() []behaviour {
	free := handshake.DeflatePolicy{}
	none := handshake.DeflatePolicy{ServerNoContextTakeover: true, ClientNoContextTakeover: true}
	serverNone := handshake.DeflatePolicy{ServerNoContextTakeover: true}
	clientNone := handshake.DeflatePolicy{ClientNoContextTakeover: true}
	narrow := handshake.DeflatePolicy{ServerMaxWindowBits: 9, ClientMaxWindowBits: 9}
	middle := handshake.DeflatePolicy{ServerMaxWindowBits: 10, ClientMaxWindowBits: 12}
	narrowNone := narrow
	narrowNone.ServerNoContextTakeover, narrowNone.ClientNoContextTakeover = true, true

	var all []behaviour
	for _, c := range []struct {
		name        string
		needs       ability
		ours, their handshake.DeflatePolicy
		want        []string // in the answer
	}{
		{"no-takeover", 0, none, none, []string{"server_no_context_takeover", "client_no_context_takeover"}},
		{"no-takeover-asked-by-ours", takeover, none, free, []string{"server_no_context_takeover"}},
		{"no-takeover-asked-by-theirs", takeover | asksDeflate, free, none, []string{"server_no_context_takeover"}},
		{"takeover", takeover, free, free, nil},
		{"server-no-takeover-by-ours", asymmetric, serverNone, free, []string{"server_no_context_takeover"}},
		{"client-no-takeover-by-ours", asymmetric, clientNone, free, nil},
		{"server-no-takeover-by-theirs", asymmetric | asksDeflate, free, serverNone, []string{"server_no_context_takeover"}},
		{"client-no-takeover-by-theirs", asymmetric | asksDeflate, free, clientNone, nil},
		{"window-9-by-ours", windowBits | obeysWindow, narrow, free, []string{"server_max_window_bits=9"}},
		{"window-9-by-theirs", windowBits | asksDeflate, free, narrow, []string{"server_max_window_bits=9"}},
		{"window-9-by-both", windowBits, narrow, narrow, []string{"server_max_window_bits=9", "client_max_window_bits=9"}},
		{"window-10-and-12", windowBits, middle, middle, []string{"server_max_window_bits=10", "client_max_window_bits=12"}},
		{"window-9-no-takeover", windowBits, narrowNone, narrowNone, []string{"server_max_window_bits=9", "server_no_context_takeover"}},
	} {
		all = append(all, behaviour{
			name: "deflate-" + c.name, needs: compresses | c.needs,
			ours: terms{deflate: &c.ours}, their: terms{deflate: &c.their},
			run: func(ctx context.Context, p pair) error { return compressed(ctx, p, c.want) },
		})
	}
	return append(all, behaviour{
		name: "deflate-fragments", needs: compresses,
		ours: terms{deflate: &none}, their: terms{deflate: &none},
		run: compressedFragments,
	}, behaviour{
		name: "deflate-only-ours", needs: compresses | asksDeflate,
		ours: terms{deflate: &free},
		run:  uncompressed,
	}, behaviour{
		name: "deflate-only-theirs", needs: compresses,
		their: terms{deflate: &free},
		run:   uncompressed,
	})
}

// compressed wants the extension agreed on with the parameters given, and then
// holds a conversation.
func compressed(ctx context.Context, p pair, want []string) error {
	answer := p.answer()
	if !p.ours.Compressed() {
		return fmt.Errorf("compression wasn't agreed on: answer %q", answer)
	}
	for _, param := range want {
		if !strings.Contains(strings.ReplaceAll(answer, " ", ""), param) {
			return fmt.Errorf("the answer %q lacks %s", answer, param)
		}
	}
	return converse(ctx, p)
}

// converse sends messages that refer to one another, at distances within and
// beyond every window, among others that can't be compressed, and empty ones.
func converse(ctx context.Context, p pair) error {
	far := append(append(letters(200), noise(40000)...), letters(200)...)
	for i, data := range [][]byte{
		letters(100), letters(100), {}, letters(5000), noise(3000), noise(3000), noise(1), far, letters(200), {}, letters(70000), letters(300),
	} {
		op := conn.Binary
		if i%3 == 0 && len(data) > 1 && data[0] == '{' && len(data) != len(far) {
			op = conn.Text
		}
		if err := roundTrip(ctx, p, op, data); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

// compressedFragments sends fragments with compression, each way.
func compressedFragments(ctx context.Context, p pair) error {
	parts := [][]byte{letters(400), letters(10), noise(200), letters(70000)}
	if err := deliver(ctx, p.ours, p.theirs, conn.Binary, parts...); err != nil {
		return fmt.Errorf("from ours: %w", err)
	}
	if err := deliver(ctx, p.theirs, p.ours, conn.Binary, parts...); err != nil {
		return fmt.Errorf("from theirs: %w", err)
	}
	return nil
}

// uncompressed wants no compression, since only one end is ready for it.
func uncompressed(ctx context.Context, p pair) error {
	if p.ours.Compressed() {
		return fmt.Errorf("compression was agreed on by one end alone: answer %q", p.answer())
	}
	return converse(ctx, p)
}
