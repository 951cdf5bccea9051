package protocol_test

import (
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Attached memory holds a message that comes in pieces; one that comes whole stays where it arrived.
func TestAttach(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wire  func(w *wire)
		cap   int
		want  said
		taken bool
		in    bool // in the attached array
	}{
		{"in-one-read", func(w *wire) { w.add(fin|frame.Text, "whole") }, 64, text("whole"), false, false},
		{"fragments", func(w *wire) { w.add(frame.Text, "one ").add(fin, "two") }, 64, text("one two"), true, true},
		{"fragments-that-just-fit", func(w *wire) { w.add(frame.Text, "one ").add(fin, "two") }, 7, text("one two"), true, true},
		{"fragments-that-do-not-fit", func(w *wire) { w.add(frame.Text, "one ").add(fin, "two") }, 6, text("one two"), true, false},
		{"no-room", func(w *wire) { w.add(frame.Text, "one ").add(fin, "two") }, 0, text("one two"), true, false},
		{"compressed", func(w *wire) { w.add(fin|rsv1|frame.Text, deflated("inflated")) }, 64, text("inflated"), true, true},
		{"compressed-that-does-not-fit", func(w *wire) { w.add(fin|rsv1|frame.Text, deflated("inflated")) }, 7, text("inflated"), true, false},
		{"compressed-fragments", func(w *wire) {
			z := deflated("inflated")
			w.add(rsv1|frame.Binary, z[:3]).add(fin, z[3:])
		}, 64, binary("inflated"), true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				r := protocol.NewReceiver(compressing(unlimited(role)))
				dst := make([]byte, tt.cap)
				r.Attach(dst)
				w := to(role)
				tt.wire(w)
				r.Feed(w.bytes())
				ev := next(t, r)
				if got := say(ev); got != tt.want || ev.Taken != tt.taken || within(ev.Payload, dst) != tt.in {
					t.Errorf("got %+v, taken %t, in the array %t", got, ev.Taken, within(ev.Payload, dst))
				}
				wantUntouched(t, r, role, ev.Payload, ev.Taken)
			})
		})
	}
}

// wantUntouched wants what was handed out to stay as it is while other messages come, if it was taken.
func wantUntouched(t *testing.T, r *protocol.Receiver, role protocol.Role, p []byte, taken bool) {
	t.Helper()
	before := string(p)
	got, bad := feed(t, r, to(role).add(frame.Binary, "XXXXXXXXXXXX").add(fin, "YYYYYYYYYYYY").bytes())
	wantEvents(t, got, bad, binary("XXXXXXXXXXXXYYYYYYYYYYYY"))
	if taken && string(p) != before {
		t.Errorf("the taken payload %q became %q", before, p)
	}
}

// Attached memory is for one message, even for one that needs none of it: the next one must not be
// written over what is the caller's again.
func TestAttachIsForOneMessage(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, mode := range []protocol.Mode{protocol.Whole, protocol.Stream} {
			r := protocol.NewReceiver(unlimited(role))
			r.SetMode(mode)
			dst := []byte("the caller's own bytes")
			r.Attach(dst)
			got, bad := feed(t, r, to(role).add(fin|frame.Text, "in one piece").bytes())
			wantEvents(t, join(got), bad, text("in one piece"))
			got, bad = feed(t, r, to(role).add(frame.Text, "not ").add(fin, "into dst").bytes())
			wantEvents(t, join(got), bad, text("not into dst"))
			if string(dst) != "the caller's own bytes" {
				t.Errorf("mode %d: the caller's memory reads %q", mode, dst)
			}
		}
	})
}

// Attach and Detach may come at any moment: between two reads, with bytes that Next has not looked at, in
// scratch or read directly, and in the middle of everything.
func TestAttachAndDetachAnywhere(t *testing.T) {
	first, second := strings.Repeat("0123456789", 30), strings.Repeat("abc", 40)
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(frame.Text, first[:200]).add(fin|frame.Ping, "p").add(fin, first[200:]).
			add(fin|frame.Text, second).bytes()
		dst, other := make([]byte, 250), make([]byte, 1000)
		actions := map[string]func(r *protocol.Receiver){
			"attach":        func(r *protocol.Receiver) { r.Attach(dst) },
			"attach-twice":  func(r *protocol.Receiver) { r.Attach(dst); r.Attach(other) },
			"attach-again":  func(r *protocol.Receiver) { r.Attach(dst); r.Attach(dst) },
			"attach-nil":    func(r *protocol.Receiver) { r.Attach(nil) },
			"detach":        func(r *protocol.Receiver) { r.Detach() },
			"attach-detach": func(r *protocol.Receiver) { r.Attach(dst); r.Detach(); clear(dst) },
			"stream":        func(r *protocol.Receiver) { r.SetMode(protocol.Stream) },
		}
		for name, act := range actions {
			t.Run(name, func(t *testing.T) {
				for at := range len(stream) {
					for _, undrained := range []bool{false, true} {
						got := disturb(t, role, stream, at, undrained, act)
						wantEvents(t, join(got), nil, ping("p"), text(first), text(second))
					}
				}
			})
		}
	})
}

// disturb reads stream with a small scratch, and calls act after at bytes, before or after Next has looked
// at the last of them.
func disturb(t *testing.T, role protocol.Role, stream []byte, at int, undrained bool, act func(r *protocol.Receiver)) []said {
	t.Helper()
	r := protocol.NewReceiver(unlimited(role))
	scratch := make([]byte, 16)
	var events []said
	for done := 0; done < len(stream); {
		want := r.Want(scratch)
		n := copy(want, stream[done:])
		if done < at {
			n = min(n, at-done)
		}
		done += n
		r.Got(n)
		if done == at && undrained {
			act(r)
		}
		some, bad := drain(t, r)
		if bad != nil {
			t.Fatalf("disturbed at %d: %v", at, bad)
		}
		events = append(events, some...)
		if done == at && !undrained {
			act(r)
		}
	}
	return events
}

// What Detach has taken away is the caller's, who may write to it; the message goes on.
func TestDetachKeepsTheMessage(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		dst := make([]byte, 64)
		r.Attach(dst)
		feed(t, r, to(role).add(frame.Text, "kept, ").bytes())
		if !strings.HasPrefix(string(dst), "kept, ") {
			t.Errorf("attached memory begins with %q", dst[:6])
		}
		r.Detach()
		clear(dst)
		got, bad := feed(t, r, to(role).add(fin, "all of it").bytes())
		wantEvents(t, got, bad, text("kept, all of it"))
		if string(dst) != strings.Repeat("\x00", 64) {
			t.Errorf("detached memory was written to: %q", dst)
		}
	})
}

// What was collected in attached memory and is then streamed is the caller's too.
func TestCollectedAndTaken(t *testing.T) {
	r := protocol.NewReceiver(unlimited(protocol.Client))
	dst := make([]byte, 64)
	r.Attach(dst)
	feed(t, r, to(protocol.Client).add(frame.Text, "begun").bytes())
	r.SetMode(protocol.Stream)
	ev := next(t, r)
	if got := say(ev); got != part(frame.Text, "begun", false) || !ev.Taken || !within(ev.Payload, dst) {
		t.Errorf("got %+v, taken %t", got, ev.Taken)
	}
	got, bad := feed(t, r, to(protocol.Client).add(fin, " and ended").bytes())
	wantEvents(t, got, bad, part(frame.Text, " and ended", true))
	if string(dst[:10]) != "begun\x00\x00\x00\x00\x00" {
		t.Errorf("the caller's memory reads %q", dst[:10])
	}
}

// Attach right behind an event is for the next message, and not given up with that event's memory.
func TestAttachBehindAnEvent(t *testing.T) {
	r := protocol.NewReceiver(unlimited(protocol.Client))
	for range 3 {
		dst := make([]byte, 64)
		r.Attach(dst)
		r.Feed(to(protocol.Client).add(frame.Text, "one ").add(fin, "two").bytes())
		if ev := next(t, r); !ev.Taken || !within(ev.Payload, dst) {
			t.Error("not collected in attached memory")
		}
		r.Detach()
		r.Feed(to(protocol.Client).add(frame.Text, "one ").add(fin, "two").bytes())
		if ev := next(t, r); ev.Taken || within(ev.Payload, dst) {
			t.Error("collected in memory that was attached for the message before")
		}
	}
}

// Bytes that were read directly and not yet looked at leave the pool's memory before it goes to others.
func TestAttachBehindADirectRead(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("0123456789abcdef", 512)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		header := len(stream) - len(payload)
		r := protocol.NewReceiver(unlimited(role))
		feed(t, r, stream[:header])
		scratch := make([]byte, 4096)
		r.Got(copy(r.Want(scratch), stream[header:][:5000]))
		r.Attach(nil)
		spoilPool(len(payload))
		short(t, r)
		got, bad := read(t, r, stream[header+5000:], len(scratch), func() int { return len(scratch) })
		wantEvents(t, got, bad, binary(payload))
	})
}

// Feed may go on where Want and Got have read directly.
func TestFeedBehindADirectRead(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("0123456789abcdef", 512)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		header := len(stream) - len(payload)
		r := protocol.NewReceiver(unlimited(role))
		feed(t, r, stream[:header])
		r.Got(copy(r.Want(make([]byte, 4096)), stream[header:][:5000]))
		short(t, r)
		got, bad := feed(t, r, stream[header+5000:])
		wantEvents(t, got, bad, binary(payload))
	})
}

// spoilPool writes over memory of a size that the pool has got back last.
func spoilPool(size int) {
	others := bufpool.Get(size).B
	others = others[:cap(others)]
	for i := range others {
		others[i] = 0xdb
	}
}

// So they do when the mode changes, before what was gathered is handed out and given back.
func TestStreamBehindADirectRead(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("0123456789abcdef", 512)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		header := len(stream) - len(payload)
		r := protocol.NewReceiver(unlimited(role))
		feed(t, r, stream[:header])
		scratch := make([]byte, 2048)
		r.Got(copy(r.Want(scratch), stream[header:][:5000]))
		short(t, r)
		r.Got(copy(r.Want(scratch), stream[header+5000:][:1000]))
		r.SetMode(protocol.Stream)
		if ev := next(t, r); string(ev.Payload) != payload[:5000] {
			t.Errorf("the first part has %d bytes, want what was gathered, 5000", len(ev.Payload))
		}
		ev := next(t, r)
		spoilPool(len(payload))
		if string(ev.Payload) != payload[5000:6000] {
			t.Errorf("the second part, of %d bytes, was spoilt", len(ev.Payload))
		}
	})
}

// Detach gives attached memory back with nothing in it that is still needed.
func TestDetachBehindADirectRead(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		payload := strings.Repeat("0123456789abcdef", 512)
		stream := to(role).add(fin|frame.Binary, payload).bytes()
		header := len(stream) - len(payload)
		dst := make([]byte, len(payload))
		r := protocol.NewReceiver(unlimited(role))
		r.Attach(dst)
		feed(t, r, stream[:header])
		scratch := make([]byte, 2048)
		r.Got(copy(r.Want(scratch), stream[header:][:5000]))
		r.Detach()
		clear(dst)
		short(t, r)
		got, bad := read(t, r, stream[header+5000:], len(scratch), func() int { return len(scratch) })
		wantEvents(t, got, bad, binary(payload))
	})
}
