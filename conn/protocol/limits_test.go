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
		want := []said{binary("1234567890"), binary("1234567890"), binary("1234567890"), binary("1234567890"), binary("x")}
		stream := to(role).
			add(frame.Binary, "12345").add(fin, "67890").
			add(fin|frame.Binary, "1234567890").
			add(fin|frame.Binary, "1234567890").
			add(frame.Binary, "").add(fin, "1234567890").
			add(frame.Binary, "x").add(fin, "")
		got, bad := feed(t, protocol.NewReceiver(cfg), stream.bytes())
		wantEvents(t, got, bad, want...)
		for _, mode := range []protocol.Mode{protocol.Whole, protocol.Stream} {
			for cut := range 12 {
				r := protocol.NewReceiver(cfg)
				r.SetMode(mode)
				got, bad := read(t, r, stream.bytes(), 20, func() int { return cut + 1 })
				wantEvents(t, join(got), bad, want...)
				if n := r.Ended(); n != uint64(len(want)) || r.Pending() {
					t.Errorf("mode %d: %d messages have ended, Pending %t", mode, n, r.Pending())
				}
			}
		}
	})
}

// Who allows no frames gets no message, not even one of a single frame.
func TestMaxFragmentsZero(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(protocol.ReceiverConfig{Role: role, MaxMessageSize: 10})
		if got, bad := feed(t, r, to(role).add(fin|frame.Binary, "x").bytes()); bad == nil || len(got) > 0 {
			t.Errorf("received %v, %v", got, bad)
		}
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

// Compressed messages are judged by what they announce as well, generously: 9/8 of the limit, 1 KiB, and
// 16 bytes for each frame (RFC 7692 §6.1 lets a sender expand what it can't compress).
func TestAnnouncedCompressedLength(t *testing.T) {
	const one = 800 + 100 + 1024 + 16 // what a single frame may announce at a limit of 800
	for _, tt := range []struct {
		name   string
		max    int64
		frames []uint64
		ok     bool
	}{
		{"at-limit", 800, []uint64{one}, true},
		{"past-limit", 800, []uint64{one + 1}, false},
		{"two-at-limit", 800, []uint64{one, 16}, true},
		{"two-past-limit", 800, []uint64{one, 17}, false},
		{"many-small-at-limit", 800, []uint64{500, 500, 500, one + 3*16 - 1500}, true},
		{"many-small-past-limit", 800, []uint64{500, 500, 500, one + 3*16 - 1499}, false},
		{"empty-frames-raise-it", 800, []uint64{0, 0, 0, one + 3*16}, true},
		{"nothing-at-zero", 0, []uint64{1024 + 16}, true},
		{"past-zero", 0, []uint64{1024 + 17}, false},
		{"2^62", 800, []uint64{1 << 62}, false},
		{"sum-that-would-overflow", 800, []uint64{1, math.MaxInt64}, false},
		{"limit-that-would-overflow", math.MaxInt64 - 1, []uint64{math.MaxInt64}, true},
		{"sum-that-would-overflow-at-the-highest-limit", math.MaxInt64, []uint64{1, math.MaxInt64}, false},
		{"unlimited", -1, []uint64{math.MaxInt64}, true},
		{"unlimited-sum-that-would-overflow", -1, []uint64{1, math.MaxInt64}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				cfg := compressing(protocol.ReceiverConfig{Role: role, MaxMessageSize: tt.max, MaxFragments: -1})
				_, bad := feed(t, protocol.NewReceiver(cfg), announced(role, rsv1|frame.Binary, tt.frames).bytes())
				if tt.ok {
					wantEvents(t, nil, bad)
					return
				}
				wantFailure(t, bad, frame.CodeMessageTooBig, "message too big")
			})
		})
	}
}

// The limit proper holds for what is inflated, to the byte.
func TestInflatedLength(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, n := range []int{0, 1, 100_000} {
			for _, over := range []int{0, 1} {
				cfg := compressing(protocol.ReceiverConfig{Role: role, MaxMessageSize: int64(n), MaxFragments: -1})
				plain := strings.Repeat("x", n+over)
				got, bad := feed(t, protocol.NewReceiver(cfg), to(role).add(fin|rsv1|frame.Binary, deflated(plain)).bytes())
				if over == 0 {
					wantEvents(t, got, bad, binary(plain))
					continue
				}
				wantFailure(t, bad, frame.CodeMessageTooBig, "message too big")
			}
		}
	})
}

// Each frame counts as a fragment, also an empty one; control frames don't.
func TestMaxFragments(t *testing.T) {
	for _, tt := range []struct {
		name     string
		max      int
		frames   int
		controls int // behind each frame
		ok       bool
	}{
		{"none-at-all", 0, 1, 0, false},
		{"one-of-one", 1, 1, 0, true},
		{"two-of-one", 1, 2, 0, false},
		{"as-many", 100, 100, 0, true},
		{"one-more", 100, 101, 0, false},
		{"control-frames-do-not-count", 100, 100, 3, true},
		{"one-more-with-control-frames", 100, 101, 3, false},
		{"unlimited", -1, 10_000, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				for _, payload := range []string{"", "x"} {
					for _, mode := range []protocol.Mode{protocol.Whole, protocol.Stream, protocol.Discard} {
						stream := to(role)
						for i := range tt.frames {
							first := frame.Continuation
							if i == 0 {
								first = frame.Text
							}
							stream.add(first, payload)
							for range tt.controls {
								stream.add(fin|frame.Pong, "")
							}
						}
						r := protocol.NewReceiver(protocol.ReceiverConfig{Role: role, MaxMessageSize: -1, MaxFragments: tt.max})
						r.SetMode(mode)
						_, bad := feed(t, r, stream.bytes())
						if tt.ok {
							wantEvents(t, nil, bad)
							continue
						}
						wantFailure(t, bad, frame.CodePolicyViolation, "too many fragments")
					}
				}
			})
		})
	}
}
