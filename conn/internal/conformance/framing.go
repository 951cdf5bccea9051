package conformance

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// framing is section 1: messages of one frame, of lengths around the borders of
// the three forms; and X1: masks and lengths that break the rules.
func framing() []Case {
	var cases []Case
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
		chop := 0
		if i == 7 {
			chop = 997
		}
		cases = append(cases,
			Case{
				ID: fmt.Sprintf("1.1.%d", i+1), Title: fmt.Sprintf("text of %d bytes, in writes of %d (0: one), echoed", n, chop),
				play: echoed(text(strings.Repeat("*", n)), chop),
			},
			Case{
				ID: fmt.Sprintf("1.2.%d", i+1), Title: fmt.Sprintf("binary of %d bytes, in writes of %d (0: one), echoed", n, chop),
				play: echoed(binaries(bytes.Repeat([]byte{0xFE}, n)), chop),
			})
	}
	return append(append(cases, earlyFrames()...), illFramed()...)
}

// echoed sends a message, wants it back, and closes.
func echoed(w wire, chop int) func(*peer) {
	return func(p *peer) {
		p.sendChopped(chop, w)
		p.wantEcho(w)
		p.finish()
	}
}

// earlyFrames arrive in one segment with the opening handshake.
func earlyFrames() []Case {
	return []Case{
		{
			ID: "X0.1", Title: "text behind the opening handshake in the same write, echoed",
			early: []wire{text("early")},
			play:  func(p *peer) { p.wantText("early"); p.finish() },
		},
		{
			ID: "X0.2", Title: "half a frame behind the opening handshake, the rest later",
			early: []wire{rawBytes(0x89)},
			play: func(p *peer) {
				rest := p.appendAll(nil, []wire{ping("late")})[1:]
				p.write(rest, 0)
				p.wantPong("late")
				p.finish()
			},
		},
		{
			ID: "X0.3", Title: "text, a violation behind it, both with the opening handshake: answered, then 1002",
			early: []wire{text("early"), ofOpcode(0x3, "")},
			play:  func(p *peer) { p.wantText("early"); p.wantClose(frame.CodeProtocolError) },
		},
		{
			ID: "X0.4", Title: "nothing but Close behind the opening handshake",
			early: []wire{closing1000()},
			play:  func(p *peer) { p.wantClose(frame.CodeNormal) },
		},
	}
}

// illFramed breaks RFC 6455 §5.1 (masks) and §5.2 (lengths).
func illFramed() []Case {
	table := []struct {
		id, title string
		bad       wire
		code      frame.Code
	}{
		{"X1.1", "text, masked as only the other role masks", text("Hello").illMasked(), frame.CodeProtocolError},
		{"X1.2", "empty text, masked as only the other role masks", text("").illMasked(), frame.CodeProtocolError},
		{"X1.3", "Ping, masked as only the other role masks", ping("Hello").illMasked(), frame.CodeProtocolError},
		{"X1.4", "Pong, masked as only the other role masks", pong("Hello").illMasked(), frame.CodeProtocolError},
		{"X1.5", "Close, masked as only the other role masks", closing1000().illMasked(), frame.CodeProtocolError},
		{"X1.6", "length 125 in 16 bits", text(strings.Repeat("*", 125)).as(in16), frame.CodeProtocolError},
		{"X1.7", "length 0 in 16 bits", text("").as(in16), frame.CodeProtocolError},
		{"X1.8", "length 125 in 64 bits", binaries(make([]byte, 125)).as(in64), frame.CodeProtocolError},
		{"X1.9", "length 65535 in 64 bits", binaries(make([]byte, 65535)).as(in64), frame.CodeProtocolError},
		{"X1.10", "length 0 in 64 bits", text("").as(in64), frame.CodeProtocolError},
		{"X1.11", "length with the top bit set", text("").longer(1 << 63), frame.CodeProtocolError},
		{"X1.12", "length of all ones", binaries(nil).longer(1<<64 - 1), frame.CodeProtocolError},
		{"X1.13", "length of 2^63-1", binaries(nil).longer(1<<63 - 1), frame.CodeMessageTooBig},
		{"X1.14", "Ping with length 5 in 16 bits", ping("Hello").as(in16), frame.CodeProtocolError},
		{"X1.15", "Close with length 2 in 64 bits", closing1000().as(in64), frame.CodeProtocolError},
	}
	var cases []Case
	for _, tt := range table {
		cases = append(cases, Case{
			ID: tt.id, Title: fmt.Sprintf("text, %s: text echoed, then %v", tt.title, tt.code),
			play: answeredThen(tt.code, tt.bad),
		})
	}
	return cases
}

// answeredThen sends a good message and what is bad in one write: the message is
// answered, then the connection is failed.
func answeredThen(code frame.Code, bad ...wire) func(*peer) {
	return func(p *peer) {
		p.send(append([]wire{text("good")}, bad...)...)
		p.closed = false // a Close that breaks the rules is none
		p.wantText("good")
		p.wantClose(code)
	}
}

// failed sends what is bad and wants the connection failed.
func failed(code frame.Code, bad ...wire) func(*peer) {
	return func(p *peer) {
		p.send(bad...)
		p.closed = false // a Close that breaks the rules is none
		p.wantClose(code)
	}
}
