package protocol_test

import (
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Memory that grows is made as large as the announced length allows: 256 KiB at first, then four times
// what was received, so that a large message is moved seldom.
func TestReservationIsUsed(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		scratch := make([]byte, 4096)
		for _, announced := range []int{4096, 5000, 200_000, 256 << 10} {
			r := protocol.NewReceiver(unlimited(role))
			r.Attach(nil)
			feed(t, r, to(role).header(frame.Binary, uint64(announced)).bytes())
			if got := len(r.Want(scratch)); got != announced {
				t.Errorf("Want has room for %d bytes of %d", got, announced)
			}
		}

		r := protocol.NewReceiver(unlimited(role))
		r.Attach(nil)
		feed(t, r, to(role).header(frame.Binary, 1<<40).bytes())
		received := 0
		for _, size := range []int{256 << 10, 1 << 20, 4 << 20} {
			want := r.Want(scratch)
			if got := received + len(want); got != size {
				t.Fatalf("after %d bytes there is memory for %d, want %d", received, got, size)
			}
			received += len(want)
			r.Got(len(want))
			short(t, r)
		}
	})
}

// Each further fragment has its announced length behind what is there.
func TestReservationForAFragment(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		r.Attach(nil)
		feed(t, r, to(role).add(frame.Binary, strings.Repeat("x", 100)).header(fin, 200_000).bytes())
		if got := len(r.Want(make([]byte, 4096))); got != 200_000 {
			t.Errorf("Want has room for %d bytes of 200000", got)
		}
	})
}

// The first bytes of a payload bring memory for all of it, compressed or not.
func TestReservationWithTheFirstBytes(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, first := range []frame.Opcode{fin | frame.Binary, fin | rsv1 | frame.Binary} {
			r := protocol.NewReceiver(compressing(unlimited(role)))
			feed(t, r, to(role).header(first, 200_000).payload("0123456789").bytes())
			if got := r.Held(); got < 200_000 || got > 256<<10 {
				t.Errorf("%#x: %d bytes are held for 200000", first, got)
			}
		}
	})
}

// Fragments too small to be worth a reservation double the memory when it is full.
func TestSmallFragmentsDouble(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		r.Attach(make([]byte, 100))
		w := to(role).add(frame.Text, "x")
		for range 100 {
			w.add(0, "x")
		}
		r.Feed(w.add(fin, "").bytes())
		if ev := next(t, r); len(ev.Payload) != 101 || cap(ev.Payload) != 200 {
			t.Errorf("%d bytes in memory of %d, want 101 of 200", len(ev.Payload), cap(ev.Payload))
		}
	})
}

// Held counts memory of the Receiver's own, and none of the caller's.
func TestHeld(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		z := deflated(strings.Repeat("inflated", 10))
		for _, tt := range []struct {
			name   string
			attach int // bytes; none if negative
			wire   func(w *wire)
			least  int // bytes held; none at all if 0
		}{
			{"nothing", -1, func(*wire) {}, 0},
			{"whole", -1, func(w *wire) { w.add(fin|frame.Text, "whole") }, 0},
			{"begun", -1, func(w *wire) { w.add(frame.Text, "begun") }, 5},
			{"begun-compressed", -1, func(w *wire) { w.add(frame.Text|rsv1, z[:5]) }, 5},
			{"ended", -1, func(w *wire) { w.add(frame.Text, "begun").add(fin, "ended") }, 0},
			{"attached", 100, func(w *wire) { w.add(frame.Text, "begun") }, 0},
			{"attached-too-small", 3, func(w *wire) { w.add(frame.Text, "begun") }, 5},
			{"attached-then-ended", 3, func(w *wire) { w.add(frame.Text, "begun").add(fin, "ended") }, 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := protocol.NewReceiver(compressing(unlimited(role)))
				if tt.attach >= 0 {
					r.Attach(make([]byte, tt.attach))
				}
				w := to(role)
				tt.wire(w)
				feed(t, r, w.bytes())
				if got := r.Held(); got < tt.least || tt.least == 0 && got != 0 {
					t.Errorf("Held = %d, want %d or more, or 0 for 0", got, tt.least)
				}
				r.SetMode(protocol.Discard)
				if got := r.Held(); got != 0 {
					t.Errorf("Held = %d when messages are dropped", got)
				}
			})
		}
	})
}

// Where nothing is attached, Detach leaves what was collected where it is.
func TestDetachOfNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := protocol.NewReceiver(unlimited(protocol.Client))
	feed(t, r, to(protocol.Client).add(frame.Text, "begun").bytes())
	if n := testing.AllocsPerRun(100, r.Detach); n != 0 {
		t.Errorf("%v allocations", n)
	}
	got, bad := feed(t, r, to(protocol.Client).add(fin, ", ended").bytes())
	wantEvents(t, got, bad, text("begun, ended"))
}

// Quiet is true where nothing of a connection is left in a Receiver, and only there.
func TestQuiet(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, tt := range []struct {
			name string
			do   func(r *protocol.Receiver)
			want bool
		}{
			{"new", func(*protocol.Receiver) {}, true},
			{"after-messages", func(r *protocol.Receiver) {
				feed(t, r, to(role).add(fin|frame.Text, "whole").add(frame.Text, "be").add(fin, "gun").add(fin|frame.Ping, "").bytes())
			}, true},
			{"payload-lent", func(r *protocol.Receiver) {
				r.Feed(to(role).add(frame.Text, "be").add(fin, "gun").bytes())
				next(t, r)
			}, false},
			{"in-a-header", func(r *protocol.Receiver) { feed(t, r, to(role).add(fin|frame.Text, "x").bytes()[:1]) }, false},
			{"in-a-payload", func(r *protocol.Receiver) { feed(t, r, to(role).header(fin|frame.Ping, 2).bytes()) }, false},
			{"between-fragments", func(r *protocol.Receiver) { feed(t, r, to(role).add(frame.Text, "").bytes()) }, false},
			{"not-looked-at", func(r *protocol.Receiver) { r.Feed(to(role).add(fin|frame.Ping, "").bytes()) }, false},
			{"streaming", func(r *protocol.Receiver) { r.SetMode(protocol.Stream) }, false},
			{"attached", func(r *protocol.Receiver) { r.Attach(nil) }, false},
			{"detached", func(r *protocol.Receiver) { r.Attach(nil); r.Detach() }, true},
			{"failed", func(r *protocol.Receiver) { feed(t, r, to(role).add(fin|rsv2, "").bytes()) }, false},
			{"closed", func(r *protocol.Receiver) { feed(t, r, to(role).add(fin|frame.Close, "").bytes()) }, false},
			{"reset", func(r *protocol.Receiver) { r.Reset() }, false},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := protocol.NewReceiver(unlimited(role))
				tt.do(r)
				if got := r.Quiet(); got != tt.want {
					t.Errorf("Quiet = %t, want %t", got, tt.want)
				}
			})
		}
		if protocol.NewReceiver(compressing(unlimited(role))).Quiet() {
			t.Error("Quiet with a history of compression")
		}
	})
}

// Ended counts messages and the control frames outside of them; those inside belong to their message.
func TestEnded(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(compressing(unlimited(role)))
		for _, step := range []struct {
			wire *wire
			want uint64
		}{
			{to(role), 0},
			{to(role).add(fin|frame.Text, "whole"), 1},
			{to(role).add(fin|frame.Ping, ""), 2},
			{to(role).add(frame.Text, "be"), 2},
			{to(role).add(fin|frame.Ping, "inside"), 2},
			{to(role).add(fin, "gun"), 3},
			{to(role).add(fin|rsv1|frame.Text, deflated("inflated")), 4},
			{to(role).add(fin|frame.Pong, "").add(fin|frame.Binary, ""), 6},
		} {
			if _, bad := feed(t, r, step.wire.bytes()); bad != nil {
				t.Fatal(bad)
			}
			if got := r.Ended(); got != step.want {
				t.Errorf("after % x Ended = %d, want %d", step.wire.b, got, step.want)
			}
		}
	})
}

// A Receiver whose connection the peer has closed serves another one as a new one would,
// whatever was under way.
func TestRenew(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		limited := unlimited(role)
		limited.MaxMessageSize, limited.MaxFragments = 6, 2
		closing := func() []byte { return to(role).add(fin|frame.Close, "").bytes() }
		for _, tt := range []struct {
			name string
			do   func(r *protocol.Receiver)
			want bool
		}{
			{"new", func(*protocol.Receiver) {}, false},
			{"failed", func(r *protocol.Receiver) { feed(t, r, to(role).add(fin|rsv2, "").bytes()) }, false},
			{"closed", func(r *protocol.Receiver) { feed(t, r, closing()) }, true},
			{"closed-between-fragments", func(r *protocol.Receiver) {
				feed(t, r, append(to(role).add(frame.Text, "\xe4\xbd").bytes(), closing()...))
			}, true},
			{"closed-while-dropped", func(r *protocol.Receiver) { r.SetMode(protocol.Discard); feed(t, r, closing()) }, true},
			{"bytes-behind-the-close", func(r *protocol.Receiver) { feed(t, r, append(closing(), "more"...)) }, true},
			{"attached", func(r *protocol.Receiver) { r.Attach(make([]byte, 0, 10)); feed(t, r, closing()) }, true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := protocol.NewReceiver(limited)
				tt.do(r)
				if got := r.Renew(); got != tt.want {
					t.Fatalf("Renew = %t, want %t", got, tt.want)
				}
				if !tt.want {
					return
				}
				if !r.Quiet() {
					t.Error("something is left of the one before")
				}
				got, bad := feed(t, r, to(role).add(fin|frame.Text, "hello").add(frame.Text, "a").add(fin, "b").bytes())
				wantEvents(t, got, bad, text("hello"), text("ab"))
				if _, bad := feed(t, r, to(role).header(fin|frame.Binary, 7).bytes()); bad == nil || bad.Code != frame.CodeMessageTooBig {
					t.Errorf("a message of 7 bytes: %v, where 6 are taken", bad)
				}
			})
		}
		r := protocol.NewReceiver(compressing(unlimited(role)))
		feed(t, r, closing())
		if r.Renew() {
			t.Error("renewed with a history of compression")
		}
	})
}
