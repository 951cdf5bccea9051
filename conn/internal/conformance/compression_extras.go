package conformance

import (
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

// compressionExtras is X12, payloads that no compressor of ours would make, and
// X13, further parameters.
func compressionExtras(o Options) []Case {
	cases := append(append(examples(), rightStreams()...), wrongStreams()...)
	cases = append(cases, windows()...)
	if o.MaxMessage > 0 {
		cases = append(cases, Case{
			ID: "X12.30", Title: "a message that inflates to one byte over the limit: 1009", bulk: true, deflate: anyVariant(),
			play: func(p *peer) {
				p.send(p.compressed(binaries(make([]byte, o.MaxMessage+1))))
				p.wantClose(frame.CodeMessageTooBig)
			},
		}, Case{
			ID: "X12.31", Title: "a message that inflates to exactly the limit, echoed", bulk: true, deflate: anyVariant(),
			play: func(p *peer) {
				w := binaries(make([]byte, o.MaxMessage))
				p.send(p.compressed(w))
				p.wantEcho(w)
				p.finish()
			},
		})
	}
	for i := range cases {
		if cases[i].deflate == nil {
			cases[i].deflate = anyVariant()
		}
	}
	return cases
}

// packed is a text message whose compressed form is given.
func packed(b ...byte) wire { return wire{op: frame.Text, rsv: rsv1, payload: b} }

// examples are those of RFC 7692 §7.2.3.
func examples() []Case {
	return []Case{
		{ID: "X12.1", Title: "RFC 7692 §7.2.3.1: one block with fixed codes", play: unpacks("Hello", packed(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00))},
		{ID: "X12.2", Title: "RFC 7692 §7.2.3.1: the same in two fragments", play: unpacks("Hello",
			packed(0xf2, 0x48, 0xcd).unfinished(), continuation("\xc9\xc9\x07\x00"))},
		{ID: "X12.3", Title: "RFC 7692 §7.2.3.2: the second message refers to the first", play: func(p *peer) {
			p.send(packed(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), packed(0xf2, 0x00, 0x11, 0x00, 0x00))
			p.wantText("Hello")
			p.wantText("Hello")
			p.finish()
		}},
		{ID: "X12.4", Title: "RFC 7692 §7.2.3.3: a stored block", play: unpacks("Hello", packed(0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00))},
		{ID: "X12.5", Title: "RFC 7692 §7.2.3.4: a block marked as the last one", play: unpacks("Hello", packed(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00))},
		{ID: "X12.6", Title: "RFC 7692 §7.2.3.5: two blocks", play: unpacks("Hello", packed(0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00))},
		{ID: "X12.7", Title: "RFC 7692 §7.2.3.6: no bytes", play: unpacks("", packed(0x00))},
	}
}

func unpacks(s string, frames ...wire) func(*peer) {
	return func(p *peer) {
		p.send(frames...)
		p.wantText(s)
		p.finish()
	}
}

// rightStreams are odd, and allowed.
func rightStreams() []Case {
	c := jsonCorpus()
	long := c.cut(0, 20_000)
	return []Case{
		{ID: "X12.8", Title: "no compressed bytes at all: no bytes", play: unpacks("", packed())},
		{ID: "X12.9", Title: "fragments without bytes around compressed ones", play: unpacks("Hello",
			packed().unfinished(), continuation("\xf2\x48\xcd").unfinished(), continuation("").unfinished(), continuation("\xc9\xc9\x07\x00").unfinished(), continuation(""))},
		{ID: "X12.10", Title: "compressed, plain and compressed messages: the plain one is no part of the window", play: func(p *peer) {
			p.send(packed(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00), text("plain"), packed(0xf2, 0x00, 0x11, 0x00, 0x00))
			p.wantText("Hello")
			p.wantText("plain")
			p.wantText("Hello")
			p.finish()
		}},
		{ID: "X12.11", Title: "compressed fragments with Pings between", play: func(p *peer) {
			w := text(string(long))
			parts := split(p.compressed(w), 500)
			var frames []wire
			for _, part := range parts {
				frames = append(frames, part, ping("between"))
			}
			p.send(frames...)
			for range parts[1:] {
				p.wantPong("between")
			}
			p.wantEcho(w)
			p.wantPong("between")
			p.finish()
		}},
		{ID: "X12.12", Title: "a compressed message, a byte a write", play: func(p *peer) {
			w := text(string(long))
			p.sendChopped(1, p.compressed(w))
			p.wantEcho(w)
			p.finish()
		}},
		{ID: "X12.13", Title: "thirty compressed messages in one write, all echoed in order", play: func(p *peer) {
			var frames, packed []wire
			for i := range 30 {
				w := text(string(c.cut(i*500, 500)))
				frames, packed = append(frames, w), append(packed, p.compressed(w))
			}
			p.send(packed...)
			for _, w := range frames {
				p.wantEcho(w)
			}
			p.finish()
		}},
	}
}

// wrongStreams fail with 1007, after what stands before them was answered.
func wrongStreams() []Case {
	wrong := func(id, title string, frames ...wire) Case {
		return Case{ID: id, Title: title + ": 1007", play: answeredThen(frame.CodeInvalidPayload, frames...)}
	}
	return []Case{
		wrong("X12.20", "block of type 3", packed(0x06, 0x00)),
		wrong("X12.21", "a distance beyond all that was sent", packed(0xf2, 0x00, 0x11, 0x00, 0x00)),
		wrong("X12.22", "stored block whose length and complement differ", packed(0x00, 0x05, 0x00, 0x05, 0x00, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00)),
		wrong("X12.23", "stored block that is cut", packed(0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65)),
		wrong("X12.24", "fixed codes that are cut", packed(0xf2, 0x48, 0xcd)),
		wrong("X12.25", "noise", packed(0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef)),
		wrong("X12.26", "stored bytes that aren't UTF-8", packed(0x00, 0x02, 0x00, 0xfd, 0xff, 0xc3, 0x28, 0x00)),
		wrong("X12.27", "stored bytes that end within a character", packed(0x00, 0x02, 0x00, 0xfd, 0xff, 0xe2, 0x82, 0x00)),
		{ID: "X12.28", Title: "RSV1 on the second fragment of a compressed message: 1002", play: answeredThen(frame.CodeProtocolError,
			packed(0xf2, 0x48, 0xcd).unfinished(), continuation("\xc9\xc9\x07\x00").with(rsv1))},
		{ID: "X12.29", Title: "Ping with RSV1 within a compressed message: 1002", play: answeredThen(frame.CodeProtocolError,
			packed(0xf2, 0x48, 0xcd).unfinished(), ping("").with(rsv1))},
	}
}

// windows is X13: every window in either direction, and context takeover given up
// on either side.
func windows() []Case {
	var cases []Case
	c := jsonCorpus()
	add := func(v *variant) {
		cases = append(cases, Case{
			ID:      fmt.Sprintf("X13.%d", len(cases)+1),
			Title:   fmt.Sprintf("eight messages of JSON, 5000 bytes, in fragments of 700, %v", v),
			deflate: v,
			play:    func(p *peer) { c.exchange(p, messageSize{5000, 700}, 8) },
		})
	}
	for bits := 8; bits <= fullWindow; bits++ {
		add(&variant{wishes: []wish{{bits: bits}}})
		add(&variant{wishes: []wish{{}}, own: bounds{bits: bits}})
		add(&variant{wishes: []wish{{bits: bits, forget: true}}, own: bounds{bits: fullWindow + 8 - bits, forget: true}})
	}
	add(&variant{wishes: []wish{{forget: true}}})
	add(&variant{wishes: []wish{{}}, own: bounds{forget: true}})
	add(&variant{wishes: []wish{{forget: true}}, own: bounds{forget: true}})
	return cases
}
