package interop_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/godwit-ws/godwit/conn/eventloop"
)

// entry is a peer that can be started.
type entry struct {
	name string
	// start begins a process where the peer needs one, for the time of t. It skips
	// t where the peer isn't installed.
	start func(t *testing.T) peer
}

// peers are all of them.
func peers() []entry {
	inProcess := func(p peer) func(*testing.T) peer { return func(*testing.T) peer { return p } }
	return []entry{
		{"godwit", inProcess(godwit{})},
		{"gorilla", inProcess(gorilla{})},
		{"coder", inProcess(coder{})},
		{"gobwas", inProcess(gobwas{})},
		{"gws", inProcess(gwsPeer{})},
		{"xnet", inProcess(xnet{})},
		{"node-ws", startNode},
		{"python-websockets", startPython},
		{"chromium", startChromium},
	}
}

// roles are the places that we can have on a connection.
func roles(loops *eventloop.Engine) []role {
	return []role{
		{name: "our-server", ours: godwit{}, weServe: true},
		{name: "our-accept", ours: godwit{bare: true}, weServe: true},
		{name: "our-loops", ours: godwit{bare: true, loops: loops}, weServe: true},
		{name: "our-client", ours: godwit{}},
	}
}

type role struct {
	name    string
	ours    godwit
	weServe bool
}

// needs is what the peer must be able to do for the role.
func (r role) needs() ability {
	if r.weServe {
		return dials
	}
	return serves
}

// behaviour is one thing that both ends must agree about.
type behaviour struct {
	name  string
	needs ability // of the peer
	raw   bool    // our end writes to its socket behind its own back
	ours  terms
	their terms
	// run has a fresh connection.
	run func(ctx context.Context, p pair) error
}

func behaviours(c *certificate) []behaviour {
	var all []behaviour
	for _, group := range [][]behaviour{
		messages(), fragmentation(), controls(), closing(), negotiation(), compression(), broken(), crowds(), secured(c),
	} {
		all = append(all, group...)
	}
	return all
}

func TestInterop(t *testing.T) {
	cert := newCertificate(t)
	loops, err := eventloop.New(eventloop.Config{Inline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer loops.Close()
	for _, entry := range peers() {
		t.Run(entry.name, func(t *testing.T) {
			p := entry.start(t)
			for _, r := range roles(loops) {
				if p.abilities().has(r.needs()) {
					t.Run(r.name, func(t *testing.T) { r.test(t, p, behaviours(cert)) })
				}
			}
		})
	}
}

// test runs all behaviours that p is able to show.
func (r role) test(t *testing.T, p peer, all []behaviour) {
	for _, b := range all {
		if !p.abilities().has(b.needs) {
			continue
		}
		if r.ours.loops != nil && b.raw {
			continue // a loop has the socket for itself
		}
		t.Run(b.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			first, err := r.meet(ctx, p, b)
			if err != nil {
				t.Fatal(err)
			}
			defer first.drop()
			if err := b.run(ctx, first); err != nil {
				t.Error(err)
			}
		})
	}
}

// pair is both ends of one connection.
type pair struct {
	ours   *godwitSide
	theirs side
	// again opens another connection with the same server.
	again func(ctx context.Context) (pair, error)
}

func (p pair) drop() {
	p.ours.drop()
	p.theirs.drop()
}

// answer is the Sec-WebSocket-Extensions that the client got.
func (p pair) answer() string { return p.ours.answer() + p.theirs.answer() }

// meet opens a connection between us and a peer.
func (r role) meet(ctx context.Context, them peer, b behaviour) (pair, error) {
	host, guest, hostTerms, guestTerms := them, peer(r.ours), b.their, b.ours
	if r.weServe {
		host, guest, hostTerms, guestTerms = r.ours, them, b.ours, b.their
	}
	s, err := host.serve(ctx, hostTerms)
	if err != nil {
		return pair{}, fmt.Errorf("serve: %w", err)
	}
	var again func(ctx context.Context) (pair, error)
	again = func(ctx context.Context) (pair, error) {
		client, err := guest.dial(ctx, s.url, guestTerms)
		if err != nil {
			return pair{}, fmt.Errorf("dial: %w", err)
		}
		select {
		case accepted := <-s.accepted:
			return r.pair(client, accepted, again), nil
		case <-ctx.Done():
			return pair{}, fmt.Errorf("the server never saw the connection: %w", ctx.Err())
		}
	}
	return again(ctx)
}

func (r role) pair(client, accepted side, again func(context.Context) (pair, error)) pair {
	if r.weServe {
		return pair{ours: accepted.(*godwitSide), theirs: client, again: again}
	}
	return pair{ours: client.(*godwitSide), theirs: accepted, again: again}
}
