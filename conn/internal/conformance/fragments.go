package conformance

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// fragmentation is section 5 (RFC 6455 §5.4), and X5.
func fragmentation() []Case {
	return append(append(append(fragmentedControl(), fragmented()...), orphans()...), interleaved()...)
}

// fragmentedControl is 5.1 and 5.2: control frames may not be fragmented (RFC 6455
// §5.5).
func fragmentedControl() []Case {
	cases := []Case{
		{ID: "5.1", Title: "Ping in two fragments: 1002", play: failed(frame.CodeProtocolError, ping("fragment1").unfinished(), continuation("fragment2"))},
		{ID: "5.2", Title: "Pong in two fragments: 1002", play: failed(frame.CodeProtocolError, pong("fragment1").unfinished(), continuation("fragment2"))},
		{ID: "X5.1", Title: "Close without FIN: 1002", play: failed(frame.CodeProtocolError, closing1000().unfinished())},
		{ID: "X5.2", Title: "Ping without FIN in the middle of a message: 1002 before its payload", play: failed(frame.CodeProtocolError, text("begun").unfinished(), ping("").unfinished().longer(4))},
	}
	return cases
}

// fragmented is 5.3 to 5.8, 5.19 and 5.20: everything is as it should be.
func fragmented() []Case {
	var cases []Case
	for i, m := range []manner{frameWise, together, byteWise} {
		cases = append(cases,
			Case{
				ID: fmt.Sprintf("5.%d", 3+i), Title: "text in two fragments, echoed",
				play: func(p *peer) {
					p.sendAs(m, text("fragment1").unfinished(), continuation("fragment2"))
					p.wantText("fragment1fragment2")
					p.finish()
				},
			},
			Case{
				ID: fmt.Sprintf("5.%d", 6+i), Title: "text in two fragments with a Ping between: Pong, then the text",
				play: func(p *peer) {
					p.sendAs(m, text("fragment1").unfinished(), ping("ping"), continuation("fragment2"))
					p.wantPong("ping")
					p.wantText("fragment1fragment2")
					p.finish()
				},
			})
	}
	return append(cases,
		Case{ID: "5.19", Title: "text in five fragments with two Pings, with a pause: the first Pong comes before the rest is sent", play: fiveFragments(paused)},
		Case{ID: "5.20", Title: "the same with a write for each frame", play: fiveFragments(hurried)},
		Case{ID: "X5.3", Title: "text in a thousand fragments of one byte, a Ping after each hundred", play: manyFragments},
		Case{ID: "X5.4", Title: "empty fragments before, between and after: the text of the others", play: func(p *peer) {
			p.send(text("").unfinished(), continuation("").unfinished(), continuation("a").unfinished(), continuation("").unfinished(), continuation("b").unfinished(), continuation(""))
			p.wantText("ab")
			p.send(wire{op: frame.Binary, more: true}, continuation(""))
			p.wantBinary(nil)
			p.finish()
		}},
		Case{ID: "X5.5", Title: "a fragmented message ends while the next one stands behind it in the same write", play: func(p *peer) {
			p.send(text("a").unfinished(), continuation("b"), binaries([]byte("c")), text("d").unfinished(), pong(""), continuation("e"))
			p.wantText("ab")
			p.wantBinary([]byte("c"))
			p.wantText("de")
			p.finish()
		}},
	)
}

// pause says whether a script waits for the first answer.
type pause bool

const (
	paused  pause = true
	hurried pause = false
)

func fiveFragments(wait pause) func(*peer) {
	return func(p *peer) {
		p.sendEach(text("fragment1").unfinished(), continuation("fragment2").unfinished(), ping("ping1"))
		if wait {
			p.wantPong("ping1")
			p.quiet()
		}
		p.sendEach(continuation("fragment3").unfinished(), continuation("fragment4").unfinished(), ping("ping2"), continuation("fragment5"))
		if !wait {
			p.wantPong("ping1")
		}
		p.wantPong("ping2")
		p.wantText("fragment1fragment2fragment3fragment4fragment5")
		p.finish()
	}
}

func manyFragments(p *peer) {
	frames := []wire{text("").unfinished()}
	for i := 1; i <= 1000; i++ {
		frames = append(frames, continuation("*").unfinished())
		if i%100 == 0 {
			frames = append(frames, ping(fmt.Sprint(i)))
		}
	}
	p.send(append(frames, continuation(""))...)
	for i := 100; i <= 1000; i += 100 {
		p.wantPong(fmt.Sprint(i))
	}
	p.wantText(strings.Repeat("*", 1000))
	p.finish()
}

// orphans is 5.9 to 5.17: continuations of nothing.
func orphans() []Case {
	var cases []Case
	for i, m := range []manner{together, frameWise, byteWise} {
		last, more := continuation("orphan"), continuation("orphan").unfinished()
		cases = append(cases,
			Case{ID: fmt.Sprintf("5.%d", 9+i), Title: "continuation with FIN of nothing, then text: 1002", play: orphan(m, last)},
			Case{ID: fmt.Sprintf("5.%d", 12+i), Title: "continuation without FIN of nothing, then text: 1002", play: orphan(m, more)})
	}
	return append(cases,
		Case{ID: "5.15", Title: "text in two fragments, a continuation of nothing, text: the first echoed, then 1002", play: func(p *peer) {
			p.send(text("fragment1").unfinished(), continuation("fragment2"), continuation("fragment3").unfinished(), text("fragment4"))
			p.wantText("fragment1fragment2")
			p.wantClose(frame.CodeProtocolError)
		}},
		Case{ID: "5.16", Title: "twice: continuation without FIN of nothing, text in two fragments: 1002", play: failed(frame.CodeProtocolError, twice(
			continuation("fragment1").unfinished(), text("fragment2").unfinished(), continuation("fragment3"))...)},
		Case{ID: "5.17", Title: "twice: continuation with FIN of nothing, text in two fragments: 1002", play: failed(frame.CodeProtocolError, twice(
			continuation("fragment1"), text("fragment2").unfinished(), continuation("fragment3"))...)},
	)
}

// orphan sends a continuation of nothing and text behind it.
func orphan(m manner, w wire) func(*peer) {
	return func(p *peer) {
		p.sendAs(m, w, text("Hello"))
		p.wantClose(frame.CodeProtocolError)
	}
}

func twice(frames ...wire) []wire { return append(frames[:len(frames):len(frames)], frames...) }

// interleaved is 5.18 and more of X5: a new message before the end of the last.
func interleaved() []Case {
	return []Case{
		{ID: "5.18", Title: "two texts, the first unfinished: 1002", play: failed(frame.CodeProtocolError, text("fragment1").unfinished(), text("fragment2"))},
		{ID: "X5.6", Title: "unfinished binary, header of text: 1002 before its payload", play: failed(frame.CodeProtocolError, wire{op: frame.Binary, more: true}, text("").longer(9))},
		{ID: "X5.7", Title: "unfinished text, Ping, binary: Pong, then 1002", play: func(p *peer) {
			p.send(text("fragment1").unfinished(), ping("ping"), binaries([]byte{1}))
			p.wantPong("ping")
			p.wantClose(frame.CodeProtocolError)
		}},
		{ID: "X5.8", Title: "unfinished text, Close: the Close is answered, the text is not", play: func(p *peer) {
			p.send(text("fragment1").unfinished(), closing1000())
			p.wantClose(frame.CodeNormal)
		}},
	}
}

// autoFragmentation is section 10.
func autoFragmentation() []Case {
	return []Case{{
		ID: "10.1.1", Title: "text of 65536 bytes in fragments of 1300, echoed",
		play: func(p *peer) {
			w := text(strings.Repeat("*", 65536))
			p.send(split(w, 1300)...)
			p.wantEcho(w)
			p.finish()
		},
	}}
}

// split returns the message as fragments of n bytes. Reserved bits stay with the
// first.
func split(w wire, n int) []wire {
	var frames []wire
	for first := true; first || len(w.payload) > 0; first = false {
		part := w
		if !first {
			part.op, part.rsv = frame.Continuation, 0
		}
		part.payload = w.payload[:min(n, len(w.payload))]
		w.payload = w.payload[len(part.payload):]
		part.more = len(w.payload) > 0
		frames = append(frames, part)
	}
	return frames
}
