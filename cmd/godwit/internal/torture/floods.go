package torture

import (
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/godwit-ws/godwit/frame"
)

// floods sends much of what costs little. A server may take it all, or close with a code
// that says why; what counts is that others are served meanwhile.
func floods(o Options) []Case {
	n := o.times(5000)
	all := []Case{
		flood("pings", "pings without a payload", n, ping("")),
		flood("pings-125", "pings of 125 bytes", n, ping(strings.Repeat("p", 125))),
		flood("pongs", "pongs that nobody asked for", n, pong("unasked")),
		flood("empty-text", "empty texts", n, text("")),
		flood("empty-binary", "empty binary messages", n, of(frame.Binary, 0)),
		flood("tiny", "messages of one byte", n, text("x")),
		flood("kilobytes", "messages of 1 KiB", n, of(frame.Binary, 1024)),
		flood("empty-fragments", "messages in two empty fragments", n, text("").unfinished(), continuation("")),
		flood("tiny-fragments", "messages in two fragments of a byte, a ping between", n, text("a").unfinished(), ping(""), continuation("b")),
		endlessFragments(o.times(20_000)),
		floodBytewise(o.times(500)),
	}
	return append(all, connectionFloods(o)...)
}

// taken are the codes with which a server may end a flood.
var taken = []frame.Code{frame.CodePolicyViolation, frame.CodeMessageTooBig, frame.CodeTryAgainLater}

// flood sends frames n times, reads whatever comes, and closes.
func flood(name, what string, n int, frames ...wire) Case {
	return Case{Name: "flood/" + name, Title: what + ", many: all taken, or closed with 1008, 1009 or 1013", play: func(p *peer) {
		p.open()
		p.pour(n, frames...)
	}}
}

// pour writes frames n times while it reads, and closes.
func (p *peer) pour(n int, frames ...wire) {
	if p.err != nil {
		return
	}
	const batch = 100
	b := bytesOf(p.env.role, slices.Repeat(frames, batch)...)
	wait := p.drainUntilClose(2 * p.env.o.Patience)
	for range n / batch {
		p.nc.SetWriteDeadline(deadlineIn(p.env.o.Patience))
		if _, err := p.nc.Write(b); err != nil {
			break
		}
	}
	p.nc.Write(bytesOf(p.env.role, closeCode(frame.CodeNormal, "")))
	code, _ := wait()
	switch {
	case code == 0:
		p.weak("the connection ended without a Close frame")
	case code != frame.CodeNormal && !slices.Contains(taken, code):
		p.fail("closed with %v", code)
	}
}

// endlessFragments is a message of a great many empty fragments.
func endlessFragments(n int) Case {
	return Case{Name: "flood/fragments", Title: "a message of a great many empty fragments: taken, or closed with 1008 or 1009", play: func(p *peer) {
		p.open()
		p.send(text("").unfinished())
		p.pour(n, continuation("").unfinished())
	}}
}

// floodBytewise sends messages a byte a write.
func floodBytewise(n int) Case {
	return Case{Name: "flood/bytewise", Title: "messages a byte a write: all taken", play: func(p *peer) {
		p.open()
		if p.err != nil {
			return
		}
		wait := p.drainUntilClose(2 * p.env.o.Patience)
		for range n {
			for _, b := range bytesOf(p.env.role, text("x")) {
				p.nc.SetWriteDeadline(deadlineIn(p.env.o.Patience))
				if _, err := p.nc.Write([]byte{b}); err != nil {
					break
				}
			}
		}
		p.nc.Write(bytesOf(p.env.role, closeCode(frame.CodeNormal, "")))
		if code, messages := wait(); code != frame.CodeNormal || messages != n {
			p.fail("%d of %d messages echoed, ended with %v", messages, n, code)
		}
	}}
}

// connectionFloods are many connections.
func connectionFloods(o Options) []Case {
	n := o.times(100)
	var all []Case
	add := func(name, title string, play func(p *peer)) {
		all = append(all, Case{Name: "flood/" + name, Title: title + ": others are served", play: play, bare: true})
	}
	add("connects-silent", "many connections at once on which nothing comes", func(p *peer) { p.many(n, func(*peer) {}) })
	add("connects-half", "many connections at once with half a request each", func(p *peer) {
		p.many(n, func(q *peer) { q.write([]byte("GET / HTTP/1.1\r\nHos")) })
	})
	add("connects-open", "many WebSockets at once that send half a message each", func(p *peer) {
		p.many(n, func(q *peer) { q.open(); q.write(bytesOf(client, of(frame.Binary, 70_000))[:30_000]) })
	})
	add("connects-announce", "many WebSockets at once that announce a large message each", func(p *peer) {
		p.many(n, func(q *peer) {
			q.open()
			q.write(bytesOf(client, of(frame.Binary, 0).announcing(max(1<<16, uint64(o.MaxMessage)))))
		})
	})
	add("churn", "connections made, used and dropped, one after the other", func(p *peer) {
		p.inTurn(n, func(q *peer) { q.open(); q.wantAlive() })
	})
	add("churn-reset", "connections made and reset, one after the other", func(p *peer) {
		p.inTurn(n, func(q *peer) { q.open(); q.reset() })
	})
	add("churn-refused", "requests that are refused, one after the other", func(p *peer) {
		p.inTurn(n, func(q *peer) { q.ask(request{drop: "Sec-WebSocket-Key"}); q.answer() })
	})
	add("churn-violation", "connections that violate the protocol, one after the other", func(p *peer) {
		p.inTurn(n, func(q *peer) { q.open(); q.send(of(3, 0)); q.wantClose(frame.CodeProtocolError) })
	})
	return all
}

// many opens n connections, has step done on each, waits for the bystander, and drops
// all. That a server takes no more of them is its right.
func (p *peer) many(n int, step func(*peer)) {
	var mu sync.Mutex
	var held []net.Conn
	var all sync.WaitGroup
	lane := make(chan struct{}, 16)
	for range n {
		all.Go(func() {
			lane <- struct{}{}
			defer func() { <-lane }()
			nc, tcp, err := p.env.target.connect(p.env.ctx)
			if err != nil {
				return
			}
			step(&peer{env: p.env, nc: nc, tcp: tcp, r: newReader(nc)})
			mu.Lock()
			defer mu.Unlock()
			held = append(held, nc)
		})
	}
	all.Wait()
	p.rest(lull)
	for _, nc := range held {
		nc.Close()
	}
}

// inTurn opens n connections one after the other and has step done on each.
func (p *peer) inTurn(n int, step func(*peer)) {
	for i := 0; i < n && p.err == nil; i++ {
		nc, tcp, err := p.env.target.connect(p.env.ctx)
		if err != nil {
			p.fail("connection %d: %w", i, err)
			return
		}
		q := &peer{env: p.env, nc: nc, tcp: tcp, r: newReader(nc)}
		step(q)
		nc.Close()
		if q.err != nil {
			p.fail("connection %d: %w", i, q.err)
		}
	}
}
