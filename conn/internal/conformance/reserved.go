package conformance

import (
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

// manner is how a script spreads its frames over writes.
type manner int

const (
	together  manner = iota // one write
	frameWise               // a write a frame
	byteWise                // a write a byte
)

func (p *peer) sendAs(m manner, frames ...wire) {
	switch m {
	case frameWise:
		p.sendEach(frames...)
	case byteWise:
		p.sendChopped(1, frames...)
	default:
		p.send(frames...)
	}
}

// textBadPing sends a good text, what is bad, and a Ping: the text is echoed, the
// Ping is not answered any more.
func textBadPing(m manner, bad wire) func(*peer) {
	return func(p *peer) {
		p.sendAs(m, text("Hello, world!"), bad, ping(""))
		p.wantText("Hello, world!")
		p.wantClose(frame.CodeProtocolError)
	}
}

// reservedBits is section 3 (RFC 6455 §5.2), and X3: each opcode with each set of
// bits.
func reservedBits() []Case {
	const hello = "Hello, world!"
	cases := []Case{
		{ID: "3.1", Title: "text with RSV3: 1002", play: failed(frame.CodeProtocolError, text(hello).with(rsv3))},
		{ID: "3.2", Title: "text, text with RSV2, Ping in one write: the first echoed, then 1002", play: textBadPing(together, text(hello).with(rsv2))},
		{ID: "3.3", Title: "text, text with RSV2 and RSV3, Ping, a write each: the first echoed, then 1002", play: textBadPing(frameWise, text(hello).with(rsv2|rsv3))},
		{ID: "3.4", Title: "text, text with RSV1, Ping, a write a byte: the first echoed, then 1002", once: true, play: textBadPing(byteWise, text(hello).with(rsv1))},
		{ID: "3.5", Title: "binary with RSV1 and RSV3: 1002", play: failed(frame.CodeProtocolError, binaries([]byte("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")).with(rsv1|rsv3))},
		{ID: "3.6", Title: "Ping with RSV1 and RSV2: 1002", play: failed(frame.CodeProtocolError, ping(hello).with(rsv1|rsv2))},
		{ID: "3.7", Title: "Close with all three: 1002", play: failed(frame.CodeProtocolError, closing1000().with(rsv1|rsv2|rsv3))},
	}
	for _, op := range []frame.Opcode{frame.Continuation, frame.Text, frame.Binary, frame.Close, frame.Ping, frame.Pong} {
		for bits := byte(1); bits < 8; bits++ {
			cases = append(cases, reservedBit(op, bits))
		}
	}
	return cases
}

// reservedBit is one case of X3: the frame is the one that its opcode allows at
// this place, but for its bits, and only its header is sent.
func reservedBit(op frame.Opcode, bits byte) Case {
	bad := ofOpcode(op, "").with(bits << 4).longer(2)
	c := Case{
		ID:    fmt.Sprintf("X3.%d.%d", op, bits),
		Title: fmt.Sprintf("header of %v with reserved bits %03b: 1002 before its payload", op, bits),
		once:  bits == 4 && (op == frame.Text || op == frame.Binary),
		play:  answeredThen(frame.CodeProtocolError, bad),
	}
	if op == frame.Continuation {
		c.play = answeredThen(frame.CodeProtocolError, text("begun").unfinished(), bad)
	}
	return c
}
