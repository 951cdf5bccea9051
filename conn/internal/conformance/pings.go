package conformance

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// pings is section 2: Ping and Pong (RFC 6455 §5.5.2 and §5.5.3).
func pings() []Case {
	const notText = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	long := strings.Repeat("\xfe", 125)
	return []Case{
		{ID: "2.1", Title: "Ping without payload, answered", play: ponged(0, "")},
		{ID: "2.2", Title: "Ping with text, answered with the same", play: ponged(0, "Hello, world!")},
		{ID: "2.3", Title: "Ping with bytes that aren't text, answered with the same", play: ponged(0, notText)},
		{ID: "2.4", Title: "Ping of 125 bytes, answered with the same", play: ponged(0, long)},
		{ID: "2.5", Title: "Ping of 126 bytes: 1002", play: failed(frame.CodeProtocolError, ping(long+"\xfe"))},
		{ID: "2.6", Title: "Ping of 125 bytes, a byte a write", play: ponged(1, long)},
		{ID: "2.7", Title: "Pong without payload that nobody asked for: nothing", play: ignored(pong(""))},
		{ID: "2.8", Title: "Pong with payload that nobody asked for: nothing", play: ignored(pong("unsolicited"))},
		{
			ID: "2.9", Title: "Pong that nobody asked for, then Ping: the Ping alone is answered",
			play: func(p *peer) {
				p.send(pong("unsolicited"), ping("Hello"))
				p.wantPong("Hello")
				p.finish()
			},
		},
		{ID: "2.10", Title: "ten Pings in a row, all answered in order", play: manyPings(0)},
		{ID: "2.11", Title: "ten Pings in a row, a byte a write, all answered in order", play: manyPings(1)},
		{
			ID: "X2.1", Title: "Ping of 126 bytes: 1002 on its header, before its payload",
			play: failed(frame.CodeProtocolError, ping("").longer(126)),
		},
		{
			ID: "X2.2", Title: "Pong of 126 bytes: 1002 on its header",
			play: failed(frame.CodeProtocolError, pong("").longer(126)),
		},
		{
			ID: "X2.3", Title: "Pings between messages: all answers in the order of what they answer",
			play: func(p *peer) {
				p.send(text("one"), ping("1"), text("two"), ping("2"), pong("none"), text("three"))
				p.wantText("one")
				p.wantPong("1")
				p.wantText("two")
				p.wantPong("2")
				p.wantText("three")
				p.finish()
			},
		},
		{
			ID: "X2.4", Title: "a hundred Pings in a write: all answered in order",
			play: func(p *peer) {
				var frames []wire
				for i := range 100 {
					frames = append(frames, ping(fmt.Sprint(i)))
				}
				p.send(frames...)
				for i := range 100 {
					p.wantPong(fmt.Sprint(i))
				}
				p.finish()
			},
		},
	}
}

func ponged(chop int, payload string) func(*peer) {
	return func(p *peer) {
		p.sendChopped(chop, ping(payload))
		p.wantPong(payload)
		p.finish()
	}
}

// ignored sends what must not be answered, and closes.
func ignored(w wire) func(*peer) {
	return func(p *peer) {
		p.send(w)
		p.finish()
	}
}

func manyPings(chop int) func(*peer) {
	return func(p *peer) {
		var frames []wire
		for i := range 10 {
			frames = append(frames, ping(fmt.Sprintf("payload-%d", i)))
		}
		p.sendChopped(chop, frames...)
		for i := range 10 {
			p.wantPong(fmt.Sprintf("payload-%d", i))
		}
		p.finish()
	}
}
