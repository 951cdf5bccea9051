package conformance

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// closing is section 7 (RFC 6455 §5.5.1 and §7), and X7.
func closing() []Case {
	return append(append(append(closeBehaviour(), closePayloads()...), closeCodes()...), closeExtras()...)
}

// closeBehaviour is 7.1: what comes after a Close.
func closeBehaviour() []Case {
	big := text(strings.Repeat("BAsd7&jh23", 26215)[:256<<10])
	return []Case{
		{ID: "7.1.1", Title: "text, Close: both answered", play: echoed(text("Hello World!"), 0)},
		{ID: "7.1.2", Title: "Close twice: answered once", play: closedThen(closing1000())},
		{ID: "7.1.3", Title: "Close, Ping: no Pong", play: closedThen(ping("after"))},
		{ID: "7.1.4", Title: "Close, text: no echo", play: closedThen(text("after"))},
		{ID: "7.1.5", Title: "first fragment, Close, second fragment: no echo", play: func(p *peer) {
			p.send(text("fragment1").unfinished(), closing1000(), continuation("fragment2"))
			p.wantClose(frame.CodeNormal)
		}},
		{ID: "7.1.6", Title: "text of 256 KiB, text, Close, Ping: both texts echoed before the Close, no Pong", play: func(p *peer) {
			p.send(big, text("Hello World!"), closing1000(), ping(""))
			p.wantEcho(big)
			p.wantText("Hello World!")
			p.wantClose(frame.CodeNormal)
		}},
	}
}

// closedThen sends a Close, and behind it what must be ignored.
func closedThen(after ...wire) func(*peer) {
	return func(p *peer) {
		p.send(append([]wire{closing1000()}, after...)...)
		p.wantClose(frame.CodeNormal)
	}
}

// closePayloads is 7.3 and 7.5: the length and the text of a Close's payload.
func closePayloads() []Case {
	reason := func(n int) string { return strings.Repeat("*", n) }
	notText := kosme + "\xed\xa0\x80" + "edited"
	return []Case{
		{ID: "7.3.1", Title: "Close without payload: answered without payload", play: closeAnswered(closeFrame(""), frame.CodeNoStatus)},
		{ID: "7.3.2", Title: "Close of one byte: 1002", play: failed(frame.CodeProtocolError, closeFrame("a"))},
		{ID: "7.3.3", Title: "Close with a code: answered with it", play: closeAnswered(closing1000(), frame.CodeNormal)},
		{ID: "7.3.4", Title: "Close with code and reason: answered", play: closeAnswered(closeCode(1000, "Hello World!"), frame.CodeNormal)},
		{ID: "7.3.5", Title: "Close with the longest reason, 123 bytes: answered", play: closeAnswered(closeCode(1000, reason(123)), frame.CodeNormal)},
		{ID: "7.3.6", Title: "Close with a reason of 124 bytes: 1002", play: failed(frame.CodeProtocolError, closeCode(1000, reason(124)))},
		{ID: "7.5.1", Title: "Close with a reason that isn't UTF-8: 1007", play: failed(frame.CodeInvalidPayload, closeCode(1000, notText))},
		{ID: "X7.1", Title: "Close with a reason that ends within a character: 1007", play: failed(frame.CodeInvalidPayload, closeCode(1000, kosme[:10]))},
		{ID: "X7.2", Title: "Close of 126 bytes: 1002 on its header", play: failed(frame.CodeProtocolError, closeFrame("").longer(126))},
		{ID: "X7.3", Title: "Close with code and reason, a byte a write: answered", play: func(p *peer) {
			p.sendChopped(1, closeCode(4321, kosme))
			p.wantClose(4321)
		}},
		{ID: "X7.4", Title: "Close with a code that may not be sent and a reason that isn't UTF-8: 1002", play: failed(frame.CodeProtocolError, closeCode(1005, "\xff"))},
	}
}

func closeAnswered(w wire, code frame.Code) func(*peer) {
	return func(p *peer) {
		p.send(w)
		p.wantClose(code)
	}
}

// closeCodes is 7.7, codes that may be sent; 7.9, codes that may not; 7.13, codes
// above the ranges; and X7.7 and X7.9, the rest of the table (RFC 6455 §7.4).
func closeCodes() []Case {
	var cases []Case
	add := func(group string, codes ...uint16) {
		for i, code := range codes {
			c := Case{ID: fmt.Sprintf("%s.%d", group, i+1)}
			if sendable(code) {
				c.Title = fmt.Sprintf("Close with %d: answered with it", code)
				c.play = closeAnswered(closeCode(code, ""), frame.Code(code))
			} else {
				c.Title = fmt.Sprintf("Close with %d: 1002", code)
				c.play = failed(frame.CodeProtocolError, closeCode(code, ""))
			}
			cases = append(cases, c)
		}
	}
	add("7.7", 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
	add("7.9", 0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
	add("7.13", 5000, 65535)
	add("X7.7", 1012, 1013, 1014, 3001, 4321)
	add("X7.9", 1, 125, 256, 1015, 1017, 1099, 5001, 32768)
	return cases
}

// closeExtras is what answers and ends must look like around a Close.
func closeExtras() []Case {
	return []Case{
		{ID: "X7.10", Title: "a hundred texts and a Close in one write: all echoed before it", play: manyThen(frame.CodeNormal, closing1000())},
		{ID: "X7.11", Title: "a hundred texts and a reserved opcode in one write: all echoed, then 1002", play: manyThen(frame.CodeProtocolError, ofOpcode(0x3, ""))},
		{ID: "X7.12", Title: "a hundred texts and one that isn't UTF-8 in one write: all echoed, then 1007", play: manyThen(frame.CodeInvalidPayload, text("\xff"))},
		{ID: "X7.13", Title: "a hundred texts and a Close with 1005 in one write: all echoed, then 1002", play: manyThen(frame.CodeProtocolError, closeCode(1005, ""))},
		{ID: "X7.14", Title: "a violation and 4 MiB behind it: the Close arrives, not a reset", play: func(p *peer) {
			p.send(ofOpcode(0x3, ""), binaries(make([]byte, 4<<20)))
			p.wantClose(frame.CodeProtocolError)
		}},
		{ID: "X7.15", Title: "a Close and 4 MiB behind it: the answer arrives, not a reset", play: func(p *peer) {
			p.send(closing1000(), binaries(make([]byte, 4<<20)))
			p.wantClose(frame.CodeNormal)
		}},
		{ID: "X7.16", Title: "two violations in one write: one Close", play: failed(frame.CodeProtocolError, text("").with(rsv3), text("\xff"), ping("").unfinished())},
		{ID: "X7.17", Title: "our direction ends without a Close: the other one ends too", play: func(p *peer) {
			p.send(text("last"))
			p.wantText("last")
			p.shutdown()
			p.wantEnd()
		}},
		{ID: "X7.18", Title: "our direction ends within a message: the other one ends too", play: func(p *peer) {
			p.send(text("never finis").longer(4))
			p.shutdown()
			p.wantEnd()
		}},
		{ID: "X7.19", Title: "our direction ends right behind texts: they are still answered", play: func(p *peer) {
			p.send(text("one"), text("two"))
			p.shutdown()
			p.wantText("one")
			p.wantText("two")
			p.wantEnd()
		}},
		{ID: "X7.20", once: true, slow: true, Title: "Close, and our direction stays open: the connection is gone entirely soon after", play: func(p *peer) {
			p.send(closing1000())
			p.wantCloseFrame(frame.CodeNormal)
			p.wantGone()
		}},
		{ID: "X7.21", once: true, slow: true, Title: "a violation, and our direction stays open: the connection is gone entirely soon after", play: func(p *peer) {
			p.send(text("").with(rsv3))
			p.wantCloseFrame(frame.CodeProtocolError)
			p.wantGone()
		}},
	}
}

// manyThen sends a hundred texts and what ends the connection, in one write.
func manyThen(code frame.Code, last wire) func(*peer) {
	return func(p *peer) {
		var frames []wire
		for i := range 100 {
			frames = append(frames, text(fmt.Sprint("text ", i)))
		}
		p.send(append(frames, last, ping("after"))...)
		p.closed = code == frame.CodeNormal
		for i := range 100 {
			p.wantText(fmt.Sprint("text ", i))
		}
		p.wantClose(code)
	}
}
