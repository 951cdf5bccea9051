package torture

import (
	"bytes"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// offer is an offer of permessage-deflate that any server can take.
const offer = "permessage-deflate; client_max_window_bits"

// compression is permessage-deflate (RFC 7692). An endpoint that doesn't agree to it has
// no part in these.
func compression(o Options) []Case {
	return append(append(badStreams(), goodStreams()...), bombs(o)...)
}

// packed makes a message of compressed bytes, whatever they are.
func packed(b []byte) wire { return wire{op: frame.Binary, rsv: rsv1, payload: b} }

// withDeflate makes a case on a connection where compression was agreed on.
func withDeflate(name, title string, play func(p *peer)) Case {
	return Case{Name: "deflate/" + name, Title: title, play: func(p *peer) {
		p.open(offer)
		if p.err == nil {
			play(p)
		}
	}}
}

// badStreams are compressed messages that are none.
func badStreams() []Case {
	var all []Case
	for name, b := range map[string][]byte{
		"reserved-block":     {0x07},
		"reserved-block-end": {0x06, 0xff, 0xff},
		"stored-length":      {0x00, 0x05, 0x00, 0x00, 0x00, 'h'},
		"stored-cut":         {0x00, 0xff, 0x00, 0x00, 0xff, 'h'},
		"distance-too-far":   {0x02, 0x1f, 0x00}, // a match before the first byte
		"random":             {0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef},
		"dynamic-cut":        {0x04},
		"dynamic-lengths":    {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"ones":               bytes.Repeat([]byte{0xff}, 100),
	} {
		all = append(all, withDeflate("bad-"+name, "a compressed message that isn't DEFLATE, "+name+": closed, with a code that RFC 7692 leaves open", func(p *peer) {
			p.send(packed(b))
			p.wantClose(frame.CodeInvalidPayload, frame.CodeProtocolError, frame.CodeInternalError)
		}))
	}
	for name, frames := range map[string][]wire{
		"rsv1-ping":         {ping("").with(rsv1)},
		"rsv1-close":        {closeCode(frame.CodeNormal, "").with(rsv1)},
		"rsv1-continuation": {text("a").unfinished(), continuation("b").with(rsv1)},
		"rsv1-both":         {packed([]byte{0x00}).unfinished(), continuation("").with(rsv1)},
		"rsv2":              {text("a").with(rsv2)},
		"rsv1-and-3":        {text("a").with(rsv1 | rsv3)},
	} {
		all = append(all, withDeflate(name, "reserved bits where compression was agreed on, "+name+": closed with 1002", func(p *peer) {
			p.send(frames...)
			p.wantClose(frame.CodeProtocolError)
		}))
	}
	return append(all, withDeflate("bad-utf8", "compressed text that isn't UTF-8: closed with 1007", func(p *peer) {
		p.send(wire{op: frame.Text, rsv: rsv1, payload: p.deflater.deflate([]byte("ab\xff"))})
		p.wantClose(frame.CodeInvalidPayload)
	}))
}

// goodStreams are compressed messages of odd forms that keep to the rules.
func goodStreams() []Case {
	hello := []byte("Hello")
	var all []Case
	for name, tt := range map[string]struct{ in, want []byte }{
		"empty":          {[]byte{0x00}, nil},
		"empty-no-bytes": {nil, nil},
		"empty-final":    {[]byte{0x03, 0x00}, nil}, // RFC 7692 §7.2.3.6
		"stored":         {[]byte{0x00, 0x05, 0x00, 0xfa, 0xff, 'H', 'e', 'l', 'l', 'o', 0x00}, hello},
		"fixed":          {[]byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}, hello},                                     // RFC 7692 §7.2.3.1
		"final":          {[]byte{0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}, hello},                               // RFC 7692 §7.2.3.4
		"two-blocks":     {[]byte{0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}, hello}, // RFC 7692 §7.2.3.5
		"stored-empties": {append(bytes.Repeat([]byte{0x00, 0x00, 0x00, 0xff, 0xff}, 200), 0x00), nil},
	} {
		all = append(all, withDeflate(name, "a compressed message of an odd form, "+name+": taken", func(p *peer) {
			p.send(packed(tt.in))
			if p.env.echoes() {
				p.want(frame.Binary, tt.want)
			}
			p.wantAlive()
			p.finish()
		}))
	}
	return append(all,
		withDeflate("plain-between", "plain and compressed messages in turn: all taken", func(p *peer) {
			for range 5 {
				p.send(packed(p.deflater.deflate(hello)), binaries(hello))
				if p.env.echoes() {
					p.want(frame.Binary, hello)
					p.want(frame.Binary, hello)
				}
			}
			p.finish()
		}),
		withDeflate("takeover", "messages that build on those before, both ways: taken", func(p *peer) {
			long := []byte(strings.Repeat("the same words again and again; ", 100))
			for range 20 {
				p.send(packed(p.deflater.deflate(long)))
				if p.env.echoes() {
					p.want(frame.Binary, long)
				}
			}
			p.finish()
		}),
		withDeflate("fragments", "a compressed message a byte a fragment, pings between: taken", func(p *peer) {
			b := p.deflater.deflate(bytes.Repeat(hello, 50))
			frames := []wire{packed(b[:1]).unfinished()}
			for _, c := range b[1:] {
				frames = append(frames, ping(""), continuation(string([]byte{c})).unfinished())
			}
			p.send(append(frames, continuation(""))...)
			if p.env.echoes() {
				p.want(frame.Binary, bytes.Repeat(hello, 50))
			}
			p.finish()
		}),
	)
}

// bombs inflate to more than the limit.
func bombs(o Options) []Case {
	all := []Case{floodCompressed(o.times(2000))}
	if o.MaxMessage <= 0 {
		return all
	}
	add := func(name, title string, b func() []byte, frames func([]byte) []wire) {
		all = append(all, withDeflate("bomb-"+name, title+": closed with 1009", func(p *peer) {
			p.send(frames(b())...)
			p.wantClose(frame.CodeMessageTooBig)
		}))
	}
	whole := func(b []byte) []wire { return []wire{packed(b)} }
	pieces := func(b []byte) []wire {
		frames := []wire{packed(b[:1]).unfinished()}
		for rest := b[1:]; len(rest) > 0; rest = rest[min(64, len(rest)):] {
			frames = append(frames, continuation(string(rest[:min(64, len(rest))])).unfinished())
		}
		return append(frames, continuation(""))
	}
	size := func(n int) func() []byte { return func() []byte { return bombOf(n) } }
	add("one-more", "a compressed message one byte longer than the limit", size(o.MaxMessage+1), whole)
	add("double", "a compressed message of twice the limit", size(2*o.MaxMessage), whole)
	add("hundred", "a compressed message of a hundred times the limit, at most 256 MiB", size(min(100*o.MaxMessage, 256<<20)), whole)
	add("fragments", "a compressed message of ten times the limit in fragments", size(10*o.MaxMessage), pieces)
	add("stored", "a compressed message that isn't smaller, longer than the limit", func() []byte {
		return storedBlocks(o.MaxMessage + 1)
	}, whole)
	return append(all, withDeflate("bomb-exact", "a compressed message as long as the limit: taken", func(p *peer) {
		p.send(packed(bombOf(o.MaxMessage)))
		if p.env.echoes() {
			p.want(frame.Binary, make([]byte, o.MaxMessage))
		}
		p.finish()
	}))
}

// storedBlocks returns n bytes in stored blocks.
func storedBlocks(n int) []byte {
	var b []byte
	for ; n > 0; n -= min(n, 0xffff) {
		size := min(n, 0xffff)
		b = append(b, 0, byte(size), byte(size>>8), ^byte(size), ^byte(size>>8))
		b = append(b, make([]byte, size)...)
	}
	return append(b, 0)
}

// floodCompressed sends many small compressed messages.
func floodCompressed(n int) Case {
	return withDeflate("flood", "many small compressed messages: all taken, or closed with 1008, 1009 or 1013", func(p *peer) {
		p.pour(n, packed([]byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}))
	})
}
