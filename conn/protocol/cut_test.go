package protocol_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Every way of cutting the input gives the same events, and the same failure.
func TestCuts(t *testing.T) {
	rng := random(t)
	rounds := 40
	if testing.Short() || raceEnabled {
		rounds = 5
	}
	for range rounds {
		role := protocol.Role(rng.IntN(2))
		mode := protocol.Mode(rng.IntN(2))
		talker := newTalker(rng, role, true)
		talker.large = true
		stream := talker.talk()
		receiver := func() *protocol.Receiver {
			cfg := unlimited(role)
			cfg.MaxMessageSize = 150_000
			r := protocol.NewReceiver(compressing(cfg))
			r.SetMode(mode)
			return r
		}
		want, wantBad := feed(t, receiver(), bytes.Clone(stream))
		for _, cut := range []struct {
			name string
			size int // of scratch
			next func() int
		}{
			{"one-byte", 1 + rng.IntN(70_000), func() int { return 1 }},
			{"scratch-of-one-byte", 1, func() int { return 1 << 20 }},
			{"as-it-comes", 1 + rng.IntN(70_000), func() int { return 1 << 20 }},
			{"headers-apart", 1 + rng.IntN(14), func() int { return 1 << 20 }},
			{"random", 1 + rng.IntN(70_000), func() int { return 1 + rng.IntN(1000) }},
			{"random-wide", 70_000, func() int { return 1 + rng.IntN(100_000) }},
		} {
			got, bad := read(t, receiver(), bytes.Clone(stream), cut.size, cut.next)
			if diff := cmp.Diff(mend(want, wantBad), mend(got, bad)); diff != "" || !sameFailure(bad, wantBad) {
				t.Fatalf("%s, mode %d, cut %s, scratch %d: failed with %v, at once with %v; events (-at once +got):\n%.2000s\nstream %.2000x",
					role, mode, cut.name, cut.size, bad, wantBad, diff, stream)
			}
		}
	}
}

// mend joins the parts of a message that follow one another, which are all that a cut may change. What
// was handed out of a message that then failed is left out.
func mend(events []said, bad *frame.CloseError) (mended []said) {
	for len(events) > 0 {
		ev, payload := events[0], strings.Builder{}
		payload.WriteString(ev.Payload)
		n := 1
		for ; n < len(events) && ev.Kind == protocol.Part && !ev.Last && events[n].Kind == protocol.Part; n++ {
			payload.WriteString(events[n].Payload)
			ev.Last = events[n].Last
		}
		events = events[n:]
		if ev.Payload = payload.String(); bad == nil || len(events) > 0 || ev.Kind != protocol.Part || ev.Last {
			mended = append(mended, ev)
		}
	}
	return mended
}

func sameFailure(a, b *frame.CloseError) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Code == b.Code && a.Reason == b.Reason
}

// A stream of everything, cut once at each byte, and read through each small scratch.
func TestCutAtEachByte(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		stream := to(role).
			add(fin|frame.Text, "κόσμε").
			add(frame.Text, "κό").add(fin|frame.Ping, "in between").add(0, "").add(fin, "σμε").
			add(fin|rsv1|frame.Binary, deflated("compressed, compressed, compressed")).
			add(fin|frame.Binary, string(noise(1, 126))).
			add(fin|frame.Close, "\x03\xe8κόσμε").
			bytes()
		want := []said{
			text("κόσμε"), ping("in between"), text("κόσμε"),
			binary("compressed, compressed, compressed"), binary(string(noise(1, 126))), closing(1000, "κόσμε"),
		}
		for at := 1; at < len(stream); at++ {
			first := true
			cut := func() int {
				if first {
					first = false
					return at
				}
				return len(stream)
			}
			got, bad := read(t, protocol.NewReceiver(compressing(unlimited(role))), stream, 1<<10, cut)
			wantEvents(t, got, bad, want...)
		}
		for size := 1; size <= len(stream); size++ {
			t.Run(fmt.Sprintf("scratch=%d", size), func(t *testing.T) {
				got, bad := read(t, protocol.NewReceiver(compressing(unlimited(role))), stream, size, func() int { return size })
				wantEvents(t, got, bad, want...)
			})
		}
	})
}
