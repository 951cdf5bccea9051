package protocol_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// next wants an event.
func next(t *testing.T, r *protocol.Receiver) protocol.Event {
	t.Helper()
	ev, err := r.Next()
	if err != nil {
		t.Fatalf("Next = %v, want an event", err)
	}
	return ev
}

// short wants no event.
func short(t *testing.T, r *protocol.Receiver) {
	t.Helper()
	if ev, err := r.Next(); err != frame.ErrShort {
		t.Fatalf("Next = %+v, %v, want frame.ErrShort", ev, err)
	}
}

// within reports whether p lies in array.
func within(p, array []byte) bool {
	array = array[:cap(array)]
	for i := range array {
		if &array[i] == &p[0] {
			return true
		}
	}
	return false
}

// A whole message that arrived in scratch is handed out from there.
func TestWholeMessageIsNotCopied(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		scratch := make([]byte, 256)
		r := protocol.NewReceiver(unlimited(role))
		stream := to(role).add(fin|frame.Text, "one").add(fin|frame.Binary, "two").bytes()
		r.Got(copy(r.Want(scratch), stream))
		for _, want := range []string{"one", "two"} {
			if ev := next(t, r); string(ev.Payload) != want || ev.Taken || !within(ev.Payload, scratch) {
				t.Errorf("got %q, taken %t, want %q in scratch", ev.Payload, ev.Taken, want)
			}
		}
		short(t, r)

		// The first byte of its header came before, and all the rest at once.
		for _, rsv := range []frame.Opcode{0, rsv1} {
			payload := "in pieces"
			if rsv != 0 {
				payload = deflated(payload)
			}
			r = protocol.NewReceiver(compressing(unlimited(role)))
			stream = to(role).add(fin|rsv|frame.Binary, payload).bytes()
			feed(t, r, stream[:1])
			r.Got(copy(r.Want(scratch), stream[1:]))
			if ev := next(t, r); string(ev.Payload) != "in pieces" || within(ev.Payload, scratch) != (rsv == 0) {
				t.Errorf("got %q, in scratch %t", ev.Payload, within(ev.Payload, scratch))
			}
			if r.Pending() || r.Ended() != 1 {
				t.Errorf("after the message Pending is %t and Ended %d", r.Pending(), r.Ended())
			}
		}
	})
}

// A payload larger than scratch is read to where it stays: what Want returns is behind one another, and
// the message is all of it.
func TestLargePayloadIsReadDirectly(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("0123456789abcdef", 1<<16)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		scratch := make([]byte, 4096)
		dst := make([]byte, 0, len(payload))
		r := protocol.NewReceiver(unlimited(role))
		r.Attach(dst)
		direct := 0
		for {
			want := r.Want(scratch)
			if within(want, dst) {
				direct += len(want)
			}
			n := copy(want, stream)
			stream = stream[n:]
			r.Got(n)
			if len(stream) == 0 {
				break
			}
			short(t, r)
		}
		ev := next(t, r)
		if string(ev.Payload) != payload || !ev.Taken || !within(ev.Payload, dst[:1]) {
			t.Errorf("the message is %d bytes, taken %t, want %d in the attached array", len(ev.Payload), ev.Taken, len(payload))
		}
		if direct < len(payload)-len(scratch) {
			t.Errorf("only %d of %d bytes were read directly", direct, len(payload))
		}
	})
}

// What Want returns ends with the frame's payload at the latest: what follows has nothing to do with it.
func TestWantEndsWithThePayload(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, left := range []int{1, 99, 100, 101, 5000} {
			t.Run(fmt.Sprintf("left=%d", left), func(t *testing.T) {
				scratch := make([]byte, 100)
				r := protocol.NewReceiver(unlimited(role))
				feed(t, r, to(role).header(fin|frame.Binary, uint64(left)).bytes())
				want := r.Want(scratch)
				if inScratch := &want[0] == &scratch[0]; inScratch != (left < len(scratch)) {
					t.Errorf("reads to scratch: %t", inScratch)
				}
				if left >= len(scratch) && len(want) > left {
					t.Errorf("wants %d bytes of %d", len(want), left)
				}
			})
		}
	})
}

// Memory follows what was received, not what was announced: max(256 KiB, 4 × received) at the most.
func TestReservation(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, attached := range []bool{false, true} {
			for _, size := range []int{1, 4096, 70_000, 1 << 20} {
				t.Run(fmt.Sprintf("attached=%t/scratch=%d", attached, size), func(t *testing.T) {
					reserve(t, role, attached, size)
				})
			}
		}
	})
}

func reserve(t *testing.T, role protocol.Role, attached bool, size int) {
	r := protocol.NewReceiver(unlimited(role))
	if attached {
		r.Attach(nil)
	}
	feed(t, r, to(role).header(frame.Binary, 1<<62).bytes())
	scratch := make([]byte, size)
	for received := 0; received < 8<<20; {
		want := r.Want(scratch)
		if limit := max(256<<10, 4*received); received+cap(want) > limit {
			t.Fatalf("after %d bytes %d are reserved, want %d at the most", received, received+cap(want), limit)
		}
		n := min(len(want), 50_000)
		r.Got(n)
		received += n
		short(t, r)
	}
}

// A bomb of a compressed message costs no more than what its limit allows.
func TestReservationForCompressed(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	cfg := compressing(unlimited(protocol.Client))
	cfg.MaxMessageSize = 2 << 20
	bomb := to(protocol.Client).add(fin|rsv1|frame.Binary, deflated(strings.Repeat("\x00", 64<<20))[:1<<16]).b
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, bad := feed(t, protocol.NewReceiver(cfg), bomb)
	runtime.ReadMemStats(&after)
	wantFailure(t, bad, frame.CodeMessageTooBig, "message too big")
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("the bomb costs %d bytes, want 4 MiB at the most", n)
	}
}

// The payload handed out last stays while the mode changes.
func TestPayloadOutlivesSetMode(t *testing.T) {
	r := protocol.NewReceiver(unlimited(protocol.Client))
	r.Feed(to(protocol.Client).add(frame.Text, "in a pool's ").add(fin, "buffer").bytes())
	ev := next(t, r)
	r.SetMode(protocol.Discard)
	other := protocol.NewReceiver(unlimited(protocol.Client)) // would be lent the same buffer
	feed(t, other, to(protocol.Client).add(frame.Text, "XXXXXXXXXXXXXXXXXXXXX").bytes())
	if string(ev.Payload) != "in a pool's buffer" {
		t.Errorf("the payload became %q", ev.Payload)
	}
}

// A Want that brought nothing is taken back by Got(0), or by another Want.
func TestWantThatBroughtNothing(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("x", 1000)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		r := protocol.NewReceiver(unlimited(role))
		scratch := make([]byte, 100)
		var events []said
		for len(stream) > 0 {
			r.Want(make([]byte, 10))
			r.Want(scratch)
			r.Got(0)
			short(t, r)
			n := copy(r.Want(scratch), stream)
			stream = stream[n:]
			r.Got(n)
			some, _ := drain(t, r)
			events = append(events, some...)
		}
		wantEvents(t, events, nil, binary(payload))
	})
}

// A receiver that waits refers to no scratch: idle connections don't keep buffers alive.
func TestIdleReceiverHoldsNoScratch(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait func(r *protocol.Receiver, scratch []byte)
	}{
		{"drained", func(r *protocol.Receiver, scratch []byte) {
			stream := to(protocol.Client).add(fin|frame.Text, "whole").add(frame.Text, "begun").header(fin|frame.Ping, 5).b
			r.Got(copy(r.Want(scratch), stream))
			drain(t, r)
		}},
		{"nothing-came", func(r *protocol.Receiver, scratch []byte) {
			r.Want(scratch)
			r.Got(0)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := protocol.NewReceiver(unlimited(protocol.Client))
			scratch := new([4096]byte)
			held := weak.Make(scratch)
			tt.wait(r, scratch[:])
			runtime.GC()
			if held.Value() != nil {
				t.Error("scratch is still referred to")
			}
			runtime.KeepAlive(r)
		})
	}
}

// Control frames and compressed messages are read to scratch, however small that is: they reserve nothing.
func TestWantScratch(t *testing.T) {
	for _, tt := range []struct {
		name string
		wire func(w *wire)
	}{
		{"between-frames", func(w *wire) {}},
		{"control", func(w *wire) { w.header(fin|frame.Ping, 125) }},
		{"control-in-a-message", func(w *wire) { w.add(frame.Text, "a").header(fin|frame.Close, 125) }},
		{"compressed", func(w *wire) { w.header(fin|rsv1|frame.Text, 1<<20) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				r := protocol.NewReceiver(compressing(unlimited(role)))
				w := to(role)
				tt.wire(w)
				feed(t, r, w.bytes())
				scratch := make([]byte, 1)
				if want := r.Want(scratch); &want[0] != &scratch[0] {
					t.Error("not read to scratch")
				}
			})
		})
	}
}
