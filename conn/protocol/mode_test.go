package protocol_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Stream hands out pieces as they come, the first one even if it is empty, the last one marked.
func TestStream(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		r.SetMode(protocol.Stream)
		stream := to(role)
		for _, step := range []struct {
			add   func() *wire
			wants []said
		}{
			{func() *wire { return stream.header(frame.Text, 5) }, []said{part(frame.Text, "", false)}},
			{func() *wire { return stream.payload("hello") }, []said{part(frame.Text, "hello", false)}},
			{func() *wire { return stream.add(0, "") }, nil},
			{func() *wire { return stream.add(fin|frame.Ping, "p") }, []said{ping("p")}},
			{func() *wire { return stream.add(0, " world") }, []said{part(frame.Text, " world", false)}},
			{func() *wire { return stream.add(fin, "") }, []said{part(frame.Text, "", true)}},
			{func() *wire { return stream.add(fin|frame.Binary, "") }, []said{part(frame.Binary, "", true)}},
			{func() *wire { return stream.add(fin|frame.Binary, "all") }, []said{part(frame.Binary, "all", true)}},
		} {
			before := len(stream.b)
			step.add()
			got, bad := feed(t, r, append([]byte(nil), stream.b[before:]...))
			wantEvents(t, got, bad, step.wants...)
		}
	})
}

// A compressed message comes in one Part, at its end.
func TestStreamCompressed(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		plain := strings.Repeat("abcdefgh", 1000)
		zipped := deflated(plain)
		r := protocol.NewReceiver(compressing(unlimited(role)))
		r.SetMode(protocol.Stream)
		stream := to(role).add(rsv1|frame.Text, zipped[:9]).add(fin, zipped[9:]).add(fin|frame.Text, "plain")
		got, bad := read(t, r, stream.bytes(), 64, func() int { return 64 })
		wantEvents(t, got, bad, part(frame.Text, plain, true), part(frame.Text, "plain", true))
	})
}

// join makes messages of the parts among events.
func join(events []said) (joined []said) {
	var payload strings.Builder
	for _, ev := range events {
		if ev.Kind == protocol.Part {
			payload.WriteString(ev.Payload)
			if !ev.Last {
				continue
			}
			ev.Kind, ev.Payload = protocol.Message, payload.String()
			payload.Reset()
		}
		joined = append(joined, ev)
	}
	return joined
}

// Discard drops messages, and keeps to the rules.
func TestDiscard(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(strict(role, true))
		r.SetMode(protocol.Discard)
		stream := to(role).
			add(fin|frame.Text, "gone").add(frame.Binary, "gone").add(fin|frame.Ping, "p").add(fin, "").
			add(fin|rsv1|frame.Text, "\x07 nobody inflates this").
			add(fin|frame.Text, "\xff nobody reads this").
			add(fin|frame.Pong, "q")
		got, bad := read(t, r, stream.bytes(), 16, func() int { return 11 })
		wantEvents(t, got, bad, ping("p"), pong("q"))
		if r.Pending() {
			t.Error("a message is under way after all have ended")
		}
		_, bad = feed(t, r, to(role).header(fin|frame.Text, 1001).bytes())
		wantFailure(t, bad, frame.CodeMessageTooBig, "message too big")
	})
}

// A mode may change at each byte of a message, received in any way. What comes out has all its bytes, in
// order, once; only after Discard there is nothing.
func TestModeChangesAnywhere(t *testing.T) {
	const first, second = "the first message, in two frames", "second"
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(frame.Text, first[:20]).add(fin|frame.Ping, "p").add(fin, first[20:]).
			add(fin|frame.Text, second).bytes()
		for _, change := range []struct {
			name     string
			from, to protocol.Mode
			whole    bool // messages come whole or joined; otherwise not after the change
		}{
			{"whole-to-stream", protocol.Whole, protocol.Stream, true},
			{"stream-to-whole", protocol.Stream, protocol.Whole, true},
			{"whole-to-whole", protocol.Whole, protocol.Whole, true},
			{"whole-to-discard", protocol.Whole, protocol.Discard, false},
			{"stream-to-discard", protocol.Stream, protocol.Discard, false},
		} {
			t.Run(change.name, func(t *testing.T) {
				for at := range len(stream) + 1 {
					for _, size := range []int{1, 4, 64} {
						got := changeMode(t, role, stream, at, size, change.from, change.to)
						if change.whole {
							wantEvents(t, join(got), nil, ping("p"), text(first), text(second))
							continue
						}
						wantPrefix(t, at, got, first, second)
					}
				}
			})
		}
	})
}

// Whoever streams a message that was begun learns of it at once, so that he knows what he hasn't read of it
// when he gives up; until then he may still have it whole.
func TestStreamInTheMiddle(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(frame.Text|fin, "hello").bytes()
		for _, begun := range []string{"", "hel"} {
			front, rest := stream[:len(stream)-5+len(begun)], stream[len(stream)-5+len(begun):]
			r := protocol.NewReceiver(unlimited(role))
			got, bad := feed(t, r, bytes.Clone(front))
			wantEvents(t, got, bad)

			r.SetMode(protocol.Stream)
			r.SetMode(protocol.Whole) // as if nothing had been
			r.SetMode(protocol.Stream)
			got, bad = feed(t, r, nil)
			wantEvents(t, got, bad, part(frame.Text, begun, false))

			r.SetMode(protocol.Whole)
			got, bad = feed(t, r, bytes.Clone(rest))
			wantEvents(t, got, bad, part(frame.Text, "hello"[len(begun):], true))

			r = protocol.NewReceiver(unlimited(role))
			feed(t, r, bytes.Clone(front))
			r.SetMode(protocol.Stream)
			r.SetMode(protocol.Whole)
			got, bad = feed(t, r, bytes.Clone(rest))
			wantEvents(t, got, bad, text("hello"))
		}
	})
}

// changeMode reads stream with a scratch of size bytes, and changes the mode at byte at.
func changeMode(t *testing.T, role protocol.Role, stream []byte, at, size int, from, to protocol.Mode) []said {
	t.Helper()
	r := protocol.NewReceiver(unlimited(role))
	r.SetMode(from)
	got, bad := read(t, r, stream[:at], size, func() int { return size })
	r.SetMode(to)
	more, alsoBad := read(t, r, stream[at:], size, func() int { return size })
	if bad != nil || alsoBad != nil {
		t.Fatalf("change at %d: failed with %v, %v", at, bad, alsoBad)
	}
	return append(got, more...)
}

// wantPrefix wants the data among events to be a front of the messages' bytes, and the ping to be there.
func wantPrefix(t *testing.T, at int, events []said, messages ...string) {
	t.Helper()
	var data string
	pings := 0
	for _, ev := range events {
		if ev.Kind == protocol.Ping {
			pings++
			continue
		}
		data += ev.Payload
	}
	if !strings.HasPrefix(strings.Join(messages, ""), data) || pings != 1 {
		t.Errorf("change at %d: %d pings and data %q", at, pings, data)
	}
}

// Discard is for good: what a compressed message builds on may have been dropped.
func TestDiscardIsForGood(t *testing.T) {
	r := protocol.NewReceiver(unlimited(protocol.Client))
	r.SetMode(protocol.Discard)
	for _, m := range []protocol.Mode{protocol.Whole, protocol.Stream} {
		r.SetMode(m)
		got, bad := feed(t, r, to(protocol.Client).add(fin|frame.Text, "gone").add(fin|frame.Ping, "").bytes())
		wantEvents(t, got, bad, ping(""))
	}
}

// What was gathered of a message is not handed out once the connection has failed.
func TestNothingFollowsViolation(t *testing.T) {
	r := protocol.NewReceiver(unlimited(protocol.Client))
	_, bad := feed(t, r, to(protocol.Client).add(frame.Text, "begun").add(fin|rsv2, "").bytes())
	wantFailure(t, bad, frame.CodeProtocolError, "reserved bit set")
	r.SetMode(protocol.Stream)
	if ev, err := r.Next(); err != bad {
		t.Errorf("Next returned %v and %v, want the violation", ev, err)
	}
}
