package torture

import (
	"fmt"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// framing breaks RFC 6455 §5.1 and the reserved bits of §5.2.
func framing() []Case {
	var faults []fault
	ops := []frame.Opcode{frame.Text, frame.Binary, frame.Ping, frame.Pong, frame.Close}
	for _, op := range ops {
		for rsv := 1; rsv < 8; rsv++ {
			name := fmt.Sprintf("rsv-%03b-%s", rsv, lower(op))
			faults = append(faults, bad(name, fmt.Sprintf("%v with reserved bits %03b that nobody agreed on", op, rsv), of(op, 0).with(byte(rsv<<4))))
		}
		faults = append(faults,
			bad("mask-"+lower(op), fmt.Sprintf("%v masked as only the other role masks", op), wire{op: op}.misMasked()),
			bad("mask-payload-"+lower(op), fmt.Sprintf("%v with a payload, masked as only the other role masks", op), of(op, 5).misMasked()))
	}
	for rsv := 1; rsv < 8; rsv++ {
		faults = append(faults, bad(fmt.Sprintf("rsv-%03b-continuation", rsv),
			fmt.Sprintf("a continuation with reserved bits %03b", rsv), text("a").unfinished(), continuation("b").with(byte(rsv<<4))))
	}
	faults = append(faults,
		bad("mask-continuation", "a continuation masked as only the other role masks", text("a").unfinished(), continuation("b").misMasked()),
		bad("mask-second", "the frame behind a ping masked as only the other role masks", ping(""), text("").misMasked()))
	return cases("frame", faults)
}

func lower(op frame.Opcode) string { return strings.ToLower(op.String()) }

// opcodes tries the reserved ones (RFC 6455 §5.2).
func opcodes() []Case {
	var faults []fault
	for _, op := range []frame.Opcode{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		name := fmt.Sprintf("reserved-%#x", uint8(op))
		faults = append(faults,
			bad(name+"-empty", fmt.Sprintf("an empty frame with reserved opcode %#x", uint8(op)), of(op, 0)),
			bad(name+"-payload", fmt.Sprintf("a frame of 64 KiB with reserved opcode %#x", uint8(op)), of(op, 65536)),
			bad(name+"-unfinished", fmt.Sprintf("a first fragment with reserved opcode %#x", uint8(op)), of(op, 1).unfinished()),
			bad(name+"-in-message", fmt.Sprintf("reserved opcode %#x between two fragments", uint8(op)), text("a").unfinished(), of(op, 0)))
	}
	return cases("opcode", faults)
}

// lengths breaks the rules of the length (RFC 6455 §5.2).
func lengths() []Case {
	var faults []fault
	for _, op := range []frame.Opcode{frame.Text, frame.Binary} {
		for _, n := range []int{0, 1, 125} {
			faults = append(faults,
				bad(fmt.Sprintf("%d-in-16-bits-%s", n, lower(op)), fmt.Sprintf("%v: length %d in 16 bits", op, n), of(op, n).as(in16)),
				bad(fmt.Sprintf("%d-in-64-bits-%s", n, lower(op)), fmt.Sprintf("%v: length %d in 64 bits", op, n), of(op, n).as(in64)))
		}
		for _, n := range []int{126, 65535} {
			faults = append(faults, bad(fmt.Sprintf("%d-in-64-bits-%s", n, lower(op)), fmt.Sprintf("%v: length %d in 64 bits", op, n), of(op, n).as(in64)))
		}
		for _, tt := range []struct {
			name string
			n    uint64
		}{{"2^63", 1 << 63}, {"2^63+1", 1<<63 + 1}, {"2^64-1", 1<<64 - 1}, {"2^64-14", 1<<64 - 14}, {"2^64-5", 1<<64 - 5}} {
			faults = append(faults, bad(tt.name+"-"+lower(op), fmt.Sprintf("%v announces %s bytes, which has the top bit set", op, tt.name), of(op, 0).announcing(tt.n)).
				answeredBy(frame.CodeProtocolError, frame.CodeMessageTooBig))
		}
		for _, tt := range []struct {
			name string
			n    uint64
		}{{"2^31-1", 1<<31 - 1}, {"2^31", 1 << 31}, {"2^32-1", 1<<32 - 1}, {"2^32", 1 << 32}, {"2^32+5", 1<<32 + 5}, {"2^62", 1 << 62}, {"2^63-1", 1<<63 - 1}, {"2^63-14", 1<<63 - 14}} {
			faults = append(faults, bad(tt.name+"-"+lower(op), fmt.Sprintf("%v announces %s bytes", op, tt.name), of(op, 10).announcing(tt.n)).tooLong())
		}
	}
	faults = append(faults,
		bad("sum-2^63", "a fragment of 1 byte, then one that announces 2^63-1: the sum wraps in 63 bits", text("a").unfinished(), continuation("").announcing(1<<63-1)).tooLong(),
		bad("first-2^62", "a first fragment that announces 2^62 bytes", text("").unfinished().announcing(1<<62)).tooLong(),
		bad("sum-top-bit", "a fragment, then one with the top bit of the length set", text("a").unfinished(), continuation("").announcing(1<<63)).
			answeredBy(frame.CodeProtocolError, frame.CodeMessageTooBig))
	return cases("length", faults)
}

// controls breaks RFC 6455 §5.5.
func controls() []Case {
	var faults []fault
	for _, op := range []frame.Opcode{frame.Ping, frame.Pong, frame.Close} {
		name := lower(op)
		faults = append(faults,
			bad(name+"-fragment", fmt.Sprintf("%v with FIN clear", op), of(op, 0).unfinished()),
			bad(name+"-fragment-payload", fmt.Sprintf("%v with FIN clear and a payload", op), of(op, 2).unfinished()),
			bad(name+"-126", fmt.Sprintf("%v of 126 bytes", op), of(op, 126)),
			bad(name+"-127", fmt.Sprintf("%v of 127 bytes", op), of(op, 127)),
			bad(name+"-65535", fmt.Sprintf("%v of 65,535 bytes", op), of(op, 65535)),
			bad(name+"-65536", fmt.Sprintf("%v of 65,536 bytes", op), of(op, 65536)),
			bad(name+"-2^62", fmt.Sprintf("%v that announces 2^62 bytes", op), of(op, 0).announcing(1<<62)),
			bad(name+"-2^63", fmt.Sprintf("%v that announces 2^63 bytes", op), of(op, 0).announcing(1<<63)),
			bad(name+"-5-in-16-bits", fmt.Sprintf("%v: length 5 in 16 bits", op), of(op, 5).as(in16)),
			bad(name+"-5-in-64-bits", fmt.Sprintf("%v: length 5 in 64 bits", op), of(op, 5).as(in64)),
			bad(name+"-header-only-126", fmt.Sprintf("the header of a %v of 126 bytes, and no more", op), of(op, 0).announcing(126)))
	}
	longest := strings.Repeat("p", 125)
	return append(cases("control", faults),
		allowed("control/ping-empty", "an empty ping", []wire{ping("")}, pong("")),
		allowed("control/ping-125", "a ping of 125 bytes", []wire{ping(longest)}, pong(longest)),
		allowed("control/ping-binary", "a ping whose payload isn't UTF-8", []wire{ping("\xff\xfe\x00")}, pong("\xff\xfe\x00")),
		allowed("control/pong-unasked", "a pong that nobody asked for", []wire{pong("unasked")}),
		allowed("control/ping-in-message", "a ping between fragments", []wire{text("a").unfinished(), ping("x"), continuation("b")}, pong("x"), text("ab")),
		allowed("control/pongs-in-message", "many pongs between fragments", append(append([]wire{text("a").unfinished()}, repeated(pong("x"), 50)...), continuation("b")), text("ab")),
	)
}

func repeated(w wire, n int) []wire {
	all := make([]wire, n)
	for i := range all {
		all[i] = w
	}
	return all
}

// fragments breaks RFC 6455 §5.4.
func fragments() []Case {
	a := text("a").unfinished()
	faults := []fault{
		bad("continuation-of-nothing", "a last continuation of nothing", continuation("x")),
		bad("continuation-of-nothing-empty", "an empty last continuation of nothing", continuation("")),
		bad("continuation-of-nothing-unfinished", "a continuation of nothing with FIN clear", continuation("x").unfinished()),
		bad("continuation-after-end", "a continuation after the last one", continuation("").unfinished()),
		bad("text-in-text", "text within text in fragments", a, text("b")),
		bad("binary-in-text", "binary within text in fragments", a, of(frame.Binary, 1)),
		bad("text-in-binary", "text within binary in fragments", of(frame.Binary, 1).unfinished(), text("b")),
		bad("first-twice", "a first fragment after a first fragment", a, a),
		bad("first-empty-twice", "an empty first fragment after another", text("").unfinished(), text("").unfinished()),
		bad("message-after-ping", "text within text in fragments, a ping between", a, ping(""), text("b")),
		bad("continuation-then-text", "text after a continuation that wasn't the last", a, continuation("").unfinished(), text("b")),
	}
	empty := text("").unfinished()
	return append(cases("fragment", faults),
		allowed("fragment/two", "text in two fragments", []wire{a, continuation("b")}, text("ab")),
		allowed("fragment/all-empty", "text in three empty fragments", []wire{empty, continuation("").unfinished(), continuation("")}, text("")),
		allowed("fragment/empty-ends", "binary with empty first and last fragments", []wire{binaries(nil).unfinished(), continuation("b").unfinished(), continuation("")}, binaries([]byte("b"))),
		allowed("fragment/hundred-empty", "a hundred empty fragments", append(append([]wire{a}, repeated(continuation("").unfinished(), 100)...), continuation("z")), text("az")),
		allowed("fragment/character-split", "a character of three bytes over three fragments", []wire{text("\xe2").unfinished(), continuation("\x82").unfinished(), continuation("\xac")}, text("€")),
	)
}

// closeFrames breaks RFC 6455 §5.5.1 and §7.4, and keeps to them.
func closeFrames() []Case {
	var faults []fault
	for _, c := range []frame.Code{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535} {
		faults = append(faults, bad(fmt.Sprintf("code-%d", c), fmt.Sprintf("Close with code %d, which may not be sent", uint16(c)), closeCode(c, "")),
			bad(fmt.Sprintf("code-%d-reason", c), fmt.Sprintf("Close with code %d and a reason", uint16(c)), closeCode(c, "because")))
	}
	faults = append(faults, bad("one-byte", "Close with one byte", closing("\x03")))
	for name, reason := range badTexts() {
		faults = append(faults, bad("reason-"+name, fmt.Sprintf("Close with the reason %q, which isn't UTF-8", reason), closeCode(frame.CodeNormal, reason)).
			answeredBy(frame.CodeInvalidPayload, frame.CodeProtocolError))
	}
	all := cases("close", faults)
	for _, c := range []frame.Code{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		all = append(all, closed(fmt.Sprintf("code-%d", c), fmt.Sprintf("Close with code %d", uint16(c)), c, closeCode(c, "")))
	}
	return append(all,
		closed("empty", "Close without a code", frame.CodeNoStatus, closing("")),
		closed("reason-123", "Close with the longest reason", frame.CodeNormal, closeCode(frame.CodeNormal, strings.Repeat("r", 123))),
		closed("twice", "Close twice", frame.CodeNormal, closeCode(frame.CodeNormal, ""), closeCode(frame.CodeNormal, "")),
		closed("then-text", "Close, then text, which is ignored", frame.CodeNormal, closeCode(frame.CodeNormal, ""), text("late")),
		closed("then-ping", "Close, then a ping, which is ignored", frame.CodeNormal, closeCode(frame.CodeNormal, ""), ping("late")),
		closed("then-violation", "Close, then a violation, which is ignored", frame.CodeNormal, closeCode(frame.CodeNormal, ""), of(3, 1).with(rsv2)),
		closed("in-message", "Close between fragments", frame.CodeNormal, text("a").unfinished(), closeCode(frame.CodeNormal, "")),
	)
}

// closed makes a case of a Close that is answered with the same code, or without one.
func closed(name, what string, code frame.Code, frames ...wire) Case {
	codes := []frame.Code{code}
	codes = append(codes, frame.CodeNormal) // RFC 6455 §5.5.1 says "typically" of the echo
	if code >= 1012 && code < 3000 {
		codes = append(codes, frame.CodeProtocolError) // registered after RFC 6455
	}
	return Case{Name: "close/" + name, Title: what + ": answered", play: func(p *peer) {
		p.open()
		p.send(frames...)
		p.wantClose(codes...)
	}}
}

// badTexts are texts that aren't UTF-8, by the kind of fault.
func badTexts() map[string]string {
	return map[string]string{
		"lone-continuation": "\x80",
		"cut-short":         "ab\xe2\x82",
		"overlong-slash":    "\xc0\xaf",
		"overlong-3":        "\xe0\x80\xaf",
		"surrogate":         "\xed\xa0\x80",
		"past-the-end":      "\xf4\x90\x80\x80",
		"ff":                "a\xffb",
		"five-bytes":        "\xf8\x88\x80\x80\x80",
	}
}

// texts breaks RFC 6455 §8.1.
func texts() []Case {
	var faults []fault
	for name, s := range badTexts() {
		invalid := bad(name, fmt.Sprintf("text %q, which isn't UTF-8", s), text(s)).answeredBy(frame.CodeInvalidPayload)
		split := invalid
		split.name, split.what = name+"-in-fragments", invalid.what+", a byte a fragment"
		split.frames = []wire{text(s[:1]).unfinished()}
		for _, b := range []byte(s[1:]) {
			split.frames = append(split.frames, continuation(string([]byte{b})).unfinished())
		}
		split.frames = append(split.frames, continuation(""))
		faults = append(faults, invalid, split)
	}
	return cases("utf8", faults)
}

// splits sends a conversation in two writes, cut at every byte.
func splits() []Case {
	long := strings.Repeat("x", 126)
	script := []wire{text("Hé"), ping("p"), text("a").unfinished(), ping(""), continuation("b"), text(long), closeCode(frame.CodeNormal, "bye")}
	var all []Case
	for at := 1; at < len(bytesOf(client, script...)); at++ {
		all = append(all, Case{
			Name:  fmt.Sprintf("split/%d", at),
			Title: fmt.Sprintf("messages, pings and a Close, cut at byte %d: all answered", at),
			play: func(p *peer) {
				p.open()
				b := bytesOf(p.env.role, script...)
				cut := min(at, len(b)-1)
				p.write(b[:cut])
				p.rest(splitPause)
				p.write(b[cut:])
				p.want(frame.Text, []byte("Hé"))
				p.want(frame.Text, []byte("ab"))
				p.want(frame.Text, []byte(long))
				p.wantClose(frame.CodeNormal)
			},
		})
	}
	return all
}
