package protocol_test

import (
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// RFC 6455 §5.4: fragments, with control frames in between, which come out at once.
func TestControlFramesBetweenFragments(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).
			add(fin|frame.Ping, "first").
			add(frame.Text, "one ").
			add(fin|frame.Ping, "1").
			add(0, "").
			add(fin|frame.Pong, "2").add(fin|frame.Ping, "").
			add(0, "two ").
			add(fin, "three").
			add(fin|frame.Pong, "last").
			bytes()
		for _, size := range []int{1, 2, 3, 7, 64} {
			got, bad := read(t, protocol.NewReceiver(unlimited(role)), stream, size, func() int { return size })
			wantEvents(t, got, bad, ping("first"), ping("1"), pong("2"), ping(""), text("one two three"), pong("last"))
		}
	})
}

// A control frame that stands in the middle of a large payload's frames doesn't disturb direct reading.
func TestControlFramesBetweenLargeFragments(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		large := strings.Repeat("0123456789abcdef", 10_000)
		stream := to(role).
			add(frame.Binary, large).add(fin|frame.Ping, large[:frame.MaxControl]).
			add(0, large).add(fin|frame.Pong, "").add(fin, large).
			bytes()
		for _, size := range []int{1, 100, 4096, 70_000} {
			got, bad := read(t, protocol.NewReceiver(unlimited(role)), stream, size, func() int { return 1 << 20 })
			wantEvents(t, got, bad, ping(large[:frame.MaxControl]), pong(""), binary(large+large+large))
		}
	})
}

// RFC 7692 §6: a compressed message among plain ones, whole and in fragments that cut it anywhere.
func TestCompressedMessages(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		plain := strings.Repeat("many words, many words, ", 40)
		zipped := deflated(plain)
		stream := to(role).
			add(fin|rsv1|frame.Text, zipped).
			add(fin|frame.Text, "plain").
			add(rsv1|frame.Binary, zipped[:1]).add(fin|frame.Ping, "p").add(0, "").add(0, zipped[1:9]).add(fin, zipped[9:]).
			add(fin|rsv1|frame.Text, "").
			add(fin|rsv1|frame.Text, "\x00").
			bytes()
		for _, size := range []int{1, 5, 64, 4096} {
			r := protocol.NewReceiver(compressing(unlimited(role)))
			if !r.Compression() {
				t.Fatal("takes no compressed messages")
			}
			got, bad := read(t, r, stream, size, func() int { return size })
			wantEvents(t, got, bad, text(plain), text("plain"), ping("p"), binary(plain), text(""), text(""))
		}
	})
}

func TestCompressedMessagesThatFail(t *testing.T) {
	for _, tt := range []struct {
		name    string
		first   frame.Opcode
		payload string
		code    frame.Code
		reason  string
	}{
		{"reserved-block", fin | rsv1 | frame.Binary, "\x07", 1007, "corrupt compressed data"},
		{"stored-length-that-contradicts", fin | rsv1 | frame.Binary, "\x00\x01\x00\x00\x00x", 1007, "corrupt compressed data"},
		{"cut", fin | rsv1 | frame.Binary, deflated(strings.Repeat("abc", 99))[:5], 1007, "corrupt compressed data"},
		{"too-big", fin | rsv1 | frame.Binary, deflated(strings.Repeat("x", 1001)), 1009, "message too big"},
		{"bomb", fin | rsv1 | frame.Binary, deflated(strings.Repeat("x", 1<<20)), 1009, "message too big"},
		{"text-not-utf8", fin | rsv1 | frame.Text, deflated("abc\xff"), 1007, "text is not UTF-8"},
		{"text-cut-in-a-character", fin | rsv1 | frame.Text, deflated("abc\xe2\x82"), 1007, "text is not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRole(t, func(t *testing.T, role protocol.Role) {
				for _, mode := range []protocol.Mode{protocol.Whole, protocol.Stream} {
					r := protocol.NewReceiver(strict(role, true))
					r.SetMode(mode)
					got, bad := feed(t, r, to(role).add(tt.first, tt.payload).bytes())
					if len(got) > 0 {
						t.Errorf("events %v before the failure", got)
					}
					wantFailure(t, bad, tt.code, tt.reason)
				}
			})
		})
	}
}

// An incompressible message at the limit passes compressed, although it takes more bytes then
// (RFC 7692 §6.1); it passes in fragments of one byte as well.
func TestIncompressibleAtTheLimit(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		noise := noise(7, 1000)
		cfg := strict(role, true)
		cfg.MaxFragments = -1
		sender := protocol.NewSender(senderConfig(opposite(role), true))
		stream := sender.AppendMessage(nil, frame.Binary, noise)
		sender.Begin(frame.Binary)
		for i := range noise[1:] {
			stream = sender.AppendFragment(stream, noise[i:i+1], protocol.More)
		}
		stream = sender.AppendFragment(stream, noise[999:], protocol.Final)
		got, bad := feed(t, protocol.NewReceiver(cfg), stream)
		wantEvents(t, got, bad, binary(string(noise)), binary(string(noise)))
	})
}

// Pending tells a cut connection from one that ended between messages.
func TestPending(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(frame.Text, "ab").add(fin|frame.Ping, "p").add(fin, "c").bytes()
		r := protocol.NewReceiver(unlimited(role))
		for i := range stream {
			if want := i > 0; r.Pending() != want {
				t.Errorf("after %d bytes Pending is %t", i, r.Pending())
			}
			feed(t, r, stream[i:i+1])
		}
		if r.Pending() {
			t.Error("Pending after the end of the message")
		}
		feed(t, r, to(role).header(fin|frame.Ping, 3).bytes())
		if !r.Pending() {
			t.Error("not Pending in the middle of a ping")
		}
	})
}

// Rest gives back what was not looked at, and Feed goes on with it from elsewhere.
func TestRest(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).add(fin|frame.Text, "one").add(fin|frame.Text, "two").add(frame.Text, "th").bytes()
		r := protocol.NewReceiver(unlimited(role))
		r.Feed(stream)
		if ev, err := r.Next(); err != nil || string(ev.Payload) != "one" {
			t.Fatalf("Next = %v, %v", ev, err)
		}
		rest := append([]byte(nil), r.Rest()...)
		if r.Buffered() != len(rest) || len(rest) == 0 {
			t.Fatalf("Buffered is %d and Rest has %d bytes", r.Buffered(), len(rest))
		}
		clear(stream)
		got, bad := feed(t, r, append(rest, to(role).add(fin, "ree").b...))
		wantEvents(t, got, bad, text("two"), text("three"))
		if r.Buffered() != 0 || r.Rest() != nil {
			t.Error("bytes are referred to after ErrShort")
		}
	})
}

func TestReset(t *testing.T) {
	r := protocol.NewReceiver(compressing(unlimited(protocol.Client)))
	feed(t, r, to(protocol.Client).add(frame.Binary, "begun").bytes())
	r.Feed([]byte("not looked at"))
	r.Reset()
	if r.Held() != 0 || r.Rest() != nil {
		t.Errorf("after Reset %d bytes are held, and Rest has %d", r.Held(), len(r.Rest()))
	}
	zipped := protocol.NewReceiver(compressing(unlimited(protocol.Client)))
	feed(t, zipped, to(protocol.Client).add(rsv1|frame.Binary, "begun").bytes())
	if zipped.Reset(); zipped.Held() != 0 {
		t.Errorf("after Reset %d bytes are held of a compressed message", zipped.Held())
	}
	got, bad := feed(t, r, to(protocol.Client).add(fin, "ended").bytes())
	wantEvents(t, got, bad)
}

func TestRoleString(t *testing.T) {
	if s, c := protocol.Server.String(), protocol.Client.String(); s != "server" || c != "client" {
		t.Errorf("the roles are called %q and %q", s, c)
	}
}

// Where there is no event, there is nothing that could be taken for one.
func TestNoEvent(t *testing.T) {
	for _, stream := range []*wire{
		to(protocol.Client),
		to(protocol.Client).header(fin|frame.Text, 5),
		to(protocol.Client).add(fin|frame.Text, "\xff"),
		to(protocol.Client).add(frame.Text, "\xff"),
		to(protocol.Client).add(fin|rsv1|frame.Text, "\xff"),
		to(protocol.Client).add(fin|rsv2, ""),
	} {
		r := protocol.NewReceiver(compressing(unlimited(protocol.Client)))
		r.Feed(stream.bytes())
		for range 2 {
			ev, err := r.Next()
			if err == nil || ev.Payload != nil || say(ev) != (said{}) {
				t.Errorf("% x: Next = %+v, %v; want no event", stream.b, ev, err)
			}
		}
	}
	for _, kind := range []protocol.Kind{protocol.Message, protocol.Part, protocol.Ping, protocol.Pong, protocol.Close} {
		if kind == (protocol.Event{}).Kind {
			t.Errorf("no event is of kind %d", kind)
		}
	}
}
