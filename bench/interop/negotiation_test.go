package interop_test

import (
	"context"
	"fmt"
	"slices"
)

// negotiation are the behaviours of subprotocols (RFC 6455 §1.9).
func negotiation() []behaviour {
	chat := []string{"chat.v2", "chat.v1"}
	return []behaviour{
		{
			name: "subprotocol-same", needs: negotiates,
			ours: terms{subprotocols: chat[:1]}, their: terms{subprotocols: chat[:1]},
			run: agree(chat[:1]),
		},
		{
			name: "subprotocol-of-several", needs: negotiates,
			ours: terms{subprotocols: chat}, their: terms{subprotocols: []string{"other", "chat.v1", "chat.v2"}},
			run: agree(chat),
		},
		{
			name: "subprotocol-not-asked-for", needs: negotiates,
			run: agree([]string{""}),
		},
	}
}

// agree wants both ends to name the same subprotocol, one of those given.
func agree(among []string) func(context.Context, pair) error {
	return func(_ context.Context, p pair) error {
		ours, theirs := p.ours.subprotocol(), p.theirs.subprotocol()
		if ours != theirs || !slices.Contains(among, ours) {
			return fmt.Errorf("subprotocol: ours %q, theirs %q; want both the same, of %q", ours, theirs, among)
		}
		return nil
	}
}
