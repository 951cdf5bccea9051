package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// violations are the frames that break a rule, whoever receives them. plain is the reason given where
// compression was not agreed on, if it is another one.
var violations = []struct {
	name   string
	before func(w *wire) // right frames that come first
	first  frame.Opcode
	length uint64
	code   frame.Code
	reason string
	plain  string
}{
	// RFC 6455 §5.2, reserved bits; RFC 7692 §6.1 takes RSV1 for the first frame of a message
	{name: "rsv2-text", first: fin | rsv2 | frame.Text, code: 1002, reason: "reserved bit set"},
	{name: "rsv3-text", first: fin | rsv3 | frame.Text, code: 1002, reason: "reserved bit set"},
	{name: "rsv2-and-rsv3", first: fin | rsv2 | rsv3 | frame.Binary, code: 1002, reason: "reserved bit set"},
	{name: "all-reserved-bits", first: fin | rsv1 | rsv2 | rsv3 | frame.Text, code: 1002, reason: "reserved bit set"},
	{name: "rsv2-ping", first: fin | rsv2 | frame.Ping, code: 1002, reason: "reserved bit set"},
	{name: "rsv3-close", first: fin | rsv3 | frame.Close, code: 1002, reason: "reserved bit set"},
	{name: "rsv2-continuation", before: begunText, first: fin | rsv2, code: 1002, reason: "reserved bit set"},
	{name: "rsv3-announcing-too-much", first: fin | rsv3 | frame.Text, length: 1 << 40, code: 1002, reason: "reserved bit set"},
	{name: "rsv1-continuation", before: begunText, first: fin | rsv1, code: 1002, reason: "RSV1 set on a continuation frame", plain: "reserved bit set"},
	{name: "rsv1-orphan", first: fin | rsv1, code: 1002, reason: "RSV1 set on a continuation frame", plain: "reserved bit set"},
	{name: "rsv1-ping", first: fin | rsv1 | frame.Ping, code: 1002, reason: "RSV1 set on a control frame"},
	{name: "rsv1-pong", first: fin | rsv1 | frame.Pong, code: 1002, reason: "RSV1 set on a control frame"},
	{name: "rsv1-close", first: fin | rsv1 | frame.Close, code: 1002, reason: "RSV1 set on a control frame"},
	{name: "rsv1-interleaved", before: begunText, first: fin | rsv1 | frame.Text, code: 1002, reason: "new message inside a fragmented one", plain: "reserved bit set"},

	// RFC 6455 §5.2, reserved opcodes
	{name: "opcode-0x3", first: fin | 0x3, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0x4", first: fin | 0x4, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0x5", first: fin | 0x5, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0x6", first: fin | 0x6, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0x7", first: 0x7, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0xb", first: fin | 0xb, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0xc", first: fin | 0xc, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0xd", first: fin | 0xd, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0xe", first: fin | 0xe, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0xf", first: 0xf, code: 1002, reason: "reserved opcode"},
	{name: "opcode-0x3-in-a-message", before: begunText, first: 0x3, code: 1002, reason: "reserved opcode"},

	// RFC 6455 §5.5, control frames
	{name: "fragmented-ping", first: frame.Ping, code: 1002, reason: "fragmented control frame"},
	{name: "fragmented-pong", first: frame.Pong, code: 1002, reason: "fragmented control frame"},
	{name: "fragmented-close", first: frame.Close, code: 1002, reason: "fragmented control frame"},
	{name: "long-ping", first: fin | frame.Ping, length: 126, code: 1002, reason: "control frame over 125 bytes"},
	{name: "long-pong", first: fin | frame.Pong, length: 1 << 16, code: 1002, reason: "control frame over 125 bytes"},
	{name: "long-close", first: fin | frame.Close, length: 1<<63 - 1, code: 1002, reason: "control frame over 125 bytes"},
	{name: "long-ping-in-a-message", before: begunText, first: fin | frame.Ping, length: 126, code: 1002, reason: "control frame over 125 bytes"},

	// RFC 6455 §5.4, fragments
	{name: "orphan", first: fin, code: 1002, reason: "continuation frame without a message"},
	{name: "orphan-not-final", first: 0, code: 1002, reason: "continuation frame without a message"},
	{name: "orphan-behind-a-message", before: wholeText, first: fin, length: 3, code: 1002, reason: "continuation frame without a message"},
	{name: "orphan-behind-a-fragmented-message", before: endedText, first: fin, code: 1002, reason: "continuation frame without a message"},
	{name: "orphan-behind-a-ping", before: pinged, first: fin, code: 1002, reason: "continuation frame without a message"},
	{name: "interleaved-text", before: begunText, first: fin | frame.Text, code: 1002, reason: "new message inside a fragmented one"},
	{name: "interleaved-binary", before: begunText, first: frame.Binary, code: 1002, reason: "new message inside a fragmented one"},

	// limits
	{name: "too-many-fragments", before: threeFrames, first: 0, code: 1008, reason: "too many fragments"},
	{name: "too-many-fragments-final", before: threeFrames, first: fin, code: 1008, reason: "too many fragments"},
	{name: "too-big", first: fin | frame.Text, length: 1001, code: 1009, reason: "message too big"},
	{name: "too-big-in-sum", before: begunText, first: fin, length: 1000, code: 1009, reason: "message too big"},
	{name: "too-big-of-2^62", first: fin | frame.Binary, length: 1 << 62, code: 1009, reason: "message too big"},
	{name: "too-big-compressed", first: fin | rsv1 | frame.Text, length: 1000 + 125 + 1024 + 16 + 1, code: 1009, reason: "message too big", plain: "reserved bit set"},
}

func begunText(w *wire)   { w.add(frame.Text, "he") }
func wholeText(w *wire)   { w.add(fin|frame.Text, "hello") }
func endedText(w *wire)   { w.add(frame.Text, "he").add(fin, "llo") }
func pinged(w *wire)      { w.add(fin|frame.Ping, "") }
func threeFrames(w *wire) { w.add(frame.Text, "").add(0, "a").add(0, "") }

// Every violation is found by the header alone: none of the payload is sent here.
func TestViolations(t *testing.T) {
	for _, tt := range violations {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				for _, compression := range []bool{false, true} {
					t.Run(fmt.Sprintf("compression=%t", compression), func(t *testing.T) {
						code, reason := tt.code, tt.reason
						if !compression && tt.plain != "" {
							code, reason = frame.CodeProtocolError, tt.plain
						}
						w := to(role)
						if tt.before != nil {
							tt.before(w)
						}
						r := protocol.NewReceiver(strict(role, compression))
						_, bad := feed(t, r, w.header(tt.first, tt.length).bytes())
						wantFailure(t, bad, code, reason)
						_, again := feed(t, r, to(role).add(fin|frame.Ping, "").bytes())
						if again != bad {
							t.Errorf("then %v, want the same violation for ever", again)
						}
					})
				}
			})
		})
	}
}

// strict is a configuration with limits that a test reaches easily.
func strict(role protocol.Role, compression bool) protocol.ReceiverConfig {
	cfg := protocol.ReceiverConfig{Role: role, MaxMessageSize: 1000, MaxFragments: 3}
	if compression {
		cfg = compressing(cfg)
	}
	return cfg
}

// RFC 6455 §5.1: who must mask and who must not.
func TestMaskViolations(t *testing.T) {
	for _, tt := range []struct {
		role   protocol.Role
		reason string
	}{
		{protocol.Server, "unmasked frame from client"},
		{protocol.Client, "masked frame from server"},
	} {
		other := protocol.Server
		if tt.role == protocol.Server {
			other = protocol.Client
		}
		for _, first := range []frame.Opcode{fin | frame.Text, frame.Binary, fin | frame.Ping, fin | frame.Pong, fin | frame.Close} {
			t.Run(fmt.Sprintf("role=%s/first=%#x", tt.role, uint8(first)), func(t *testing.T) {
				_, bad := feed(t, protocol.NewReceiver(strict(tt.role, false)), to(other).add(first, "").bytes())
				wantFailure(t, bad, frame.CodeProtocolError, tt.reason)
			})
		}
		t.Run(fmt.Sprintf("role=%s/in-a-message", tt.role), func(t *testing.T) {
			stream := append(to(tt.role).add(frame.Text, "a").bytes(), to(other).add(fin, "b").bytes()...)
			_, bad := feed(t, protocol.NewReceiver(strict(tt.role, false)), stream)
			wantFailure(t, bad, frame.CodeProtocolError, tt.reason)
		})
	}
}

// RFC 6455 §5.2: lengths that frame.ParseHeader refuses end the connection just the same.
func TestLengthViolations(t *testing.T) {
	for _, tt := range []struct {
		name   string
		length []byte // from the second byte on, without the mask bit
	}{
		{"16-bit-not-shortest", []byte{126, 0, 125}},
		{"64-bit-not-shortest", []byte{127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
		{"top-bit", []byte{127, 0x80, 0, 0, 0, 0, 0, 0, 0}},
		{"all-bits", []byte{127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				stream := append([]byte{fin | byte(frame.Binary)}, tt.length...)
				if role == protocol.Server {
					stream[1] |= 0x80
				}
				for cut := 1; cut <= len(stream); cut++ {
					r := protocol.NewReceiver(unlimited(role))
					_, bad := read(t, r, stream, 64, func() int { return cut })
					if bad == nil || bad.Code != frame.CodeProtocolError {
						t.Errorf("in reads of %d bytes: %v, want code 1002", cut, bad)
					}
					if _, err := r.Next(); err != bad {
						t.Errorf("then %v, want the same violation for ever", err)
					}
				}
			})
		})
	}
}

// RFC 6455 §5.5.1 and §7.4: what a Close may hold.
func TestCloseViolations(t *testing.T) {
	for _, tt := range []struct {
		name    string
		payload string
		code    frame.Code
	}{
		{"one-byte", "\x03", 1002},
		{"code-0", "\x00\x00", 1002},
		{"code-999", "\x03\xe7", 1002},
		{"code-1004", "\x03\xec", 1002},
		{"code-1005", "\x03\xed", 1002},
		{"code-1006", "\x03\xee", 1002},
		{"code-1015", "\x03\xf7", 1002},
		{"code-2999", "\x0b\xb7", 1002},
		{"code-5000", "\x13\x88", 1002},
		{"code-65535", "\xff\xff", 1002},
		{"reason-not-utf8", "\x03\xe8bad \xff", 1007},
		{"reason-cut-in-a-character", "\x03\xe8bad \xe2\x82", 1007},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				stream := to(role).add(fin|frame.Close, tt.payload).bytes()
				for cut := 1; cut <= len(stream); cut++ {
					events, bad := read(t, protocol.NewReceiver(unlimited(role)), stream, 64, func() int { return cut })
					if len(events) > 0 || bad == nil || bad.Code != tt.code {
						t.Errorf("in reads of %d bytes: %v and %v, want code %d", cut, events, bad, tt.code)
					}
				}
			})
		})
	}
}

// What is right at the very edge of the rules.
func TestBarelyRight(t *testing.T) {
	long := strings.Repeat("p", frame.MaxControl)
	most := strings.Repeat("m", 1000)
	for _, tt := range []struct {
		name  string
		wire  func(w *wire)
		wants []said
	}{
		{"ping-of-125", func(w *wire) { w.add(fin|frame.Ping, long) }, []said{ping(long)}},
		{"pong-unasked-for", func(w *wire) { w.add(fin|frame.Pong, long) }, []said{pong(long)}},
		{"empty-ping-and-pong", func(w *wire) { w.add(fin|frame.Ping, "").add(fin|frame.Pong, "") }, []said{ping(""), pong("")}},
		{"empty-text", func(w *wire) { w.add(fin|frame.Text, "") }, []said{text("")}},
		{"empty-fragments", func(w *wire) { w.add(frame.Binary, "").add(0, "").add(fin, "") }, []said{binary("")}},
		{"as-many-fragments-as-allowed", func(w *wire) { threeOf(w, "a", "b", "c") }, []said{text("abc")}},
		{"as-long-as-allowed", func(w *wire) { w.add(fin|frame.Text, most) }, []said{text(most)}},
		{"as-long-as-allowed-in-three", func(w *wire) { threeOf(w, most[:999], "m", "") }, []said{text(most)}},
		{"empty-close", func(w *wire) { w.add(fin|frame.Close, "") }, []said{closing(frame.CodeNoStatus, "")}},
		{"close-with-code", func(w *wire) { w.add(fin|frame.Close, "\x03\xe9") }, []said{closing(1001, "")}},
		{"close-with-longest-reason", func(w *wire) { w.add(fin|frame.Close, "\x0f\xa0"+long[:frame.MaxReason]) },
			[]said{closing(4000, long[:frame.MaxReason])}},
		{"close-in-a-message", func(w *wire) { w.add(frame.Text, "a").add(fin|frame.Close, "\x03\xe8bye") },
			[]said{closing(1000, "bye")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				w := to(role)
				tt.wire(w)
				got, bad := feed(t, protocol.NewReceiver(strict(role, false)), w.bytes())
				wantEvents(t, got, bad, tt.wants...)
			})
		})
	}
}

func threeOf(w *wire, a, b, c string) { w.add(frame.Text, a).add(0, b).add(fin, c) }

// RFC 6455 §5.5.1: nothing that follows the peer's Close is looked at, wrong as it may be.
func TestNothingFollowsClose(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		stream := to(role).add(frame.Text, "begun").add(fin|frame.Close, "\x03\xe8").
			add(fin|frame.Ping, "late").add(fin|rsv2|0xf, "wrong")
		got, bad := feed(t, r, stream.bytes())
		wantEvents(t, got, bad, closing(1000, ""))
		r.SetMode(protocol.Stream)
		got, bad = feed(t, r, []byte{0xff, 0xff})
		wantEvents(t, got, bad)
		if n := r.Buffered(); n != 0 {
			t.Errorf("%d bytes kept behind the Close", n)
		}
	})
}
