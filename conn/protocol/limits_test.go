package protocol_test

import (
	"math"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Limits hold for each message by itself, not for what came before it.
func TestLimitsStartAnewWithEachMessage(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		cfg := protocol.ReceiverConfig{Role: role, MaxMessageSize: 10, MaxFragments: 2}
		stream := to(role).
			add(frame.Binary, "12345").add(fin, "67890").
			add(fin|frame.Binary, "1234567890").
			add(fin|frame.Binary, "1234567890").
			add(frame.Binary, "").add(fin, "1234567890").
			add(frame.Binary, "x").add(fin, "")
		got, bad := feed(t, protocol.NewReceiver(cfg), stream.bytes())
		wantEvents(t, got, bad, binary("1234567890"), binary("1234567890"), binary("1234567890"),
			binary("1234567890"), binary("x"))
	})
}

// A message's length is judged by what its frames announce, as soon as they do: no payload follows here.
func TestAnnouncedLength(t *testing.T) {
	const tooBig = "message too big"
	for _, tt := range []struct {
		name   string
		max    int64
		frames []uint64 // announced lengths; the payloads of all but the last are sent
		ok     bool
	}{
		{"empty-at-zero", 0, []uint64{0}, true},
		{"one-at-zero", 0, []uint64{1}, false},
		{"at-limit", 1000, []uint64{1000}, true},
		{"past-limit", 1000, []uint64{1001}, false},
		{"sum-at-limit", 1000, []uint64{600, 400}, true},
		{"sum-past-limit", 1000, []uint64{600, 401}, false},
		{"empty-behind-the-limit", 1000, []uint64{1000, 0}, true},
		{"sum-of-three", 1000, []uint64{400, 400, 201}, false},
		{"2^62", 1000, []uint64{1 << 62}, false},
		{"largest", 1000, []uint64{math.MaxInt64}, false},
		{"sum-that-would-overflow", 1000, []uint64{1, math.MaxInt64}, false},
		{"sum-that-would-overflow-at-the-highest-limit", math.MaxInt64, []uint64{1, math.MaxInt64}, false},
		{"largest-at-the-highest-limit", math.MaxInt64, []uint64{math.MaxInt64}, true},
		{"unlimited-2^62", -1, []uint64{1 << 62}, true},
		{"unlimited-largest", -1, []uint64{math.MaxInt64}, true},
		{"unlimited-sum-at-the-largest", -1, []uint64{1, math.MaxInt64 - 1}, true},
		{"unlimited-sum-that-would-overflow", -1, []uint64{1, math.MaxInt64}, false},
		{"unlimited-overflow-of-2^62", -1, []uint64{2, 1<<63 - 2}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				cfg := protocol.ReceiverConfig{Role: role, MaxMessageSize: tt.max, MaxFragments: -1}
				r := protocol.NewReceiver(cfg)
				_, bad := feed(t, r, announced(role, frame.Binary, tt.frames).bytes())
				if tt.ok {
					wantEvents(t, nil, bad)
					return
				}
				wantFailure(t, bad, frame.CodeMessageTooBig, tooBig)
			})
		})
	}
}

// announced returns frames of one message with the given lengths, and payloads for all but the last.
func announced(role protocol.Role, first frame.Opcode, lengths []uint64) *wire {
	w := to(role)
	for i, n := range lengths {
		w.header(first, n)
		if i < len(lengths)-1 {
			w.payload(strings.Repeat("x", int(n)))
		}
		first = 0
	}
	return w
}
