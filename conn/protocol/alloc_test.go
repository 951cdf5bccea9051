package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// Uncompressed messages cost no allocation, in either role and in all sizes.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	eachRole(t, func(t *testing.T, role protocol.Role) {
		for _, op := range []frame.Opcode{frame.Text, frame.Binary} {
			for _, n := range []int{0, 5, 125, 4096, 70_000, 1 << 20} {
				t.Run(fmt.Sprintf("%s/size=%d", op, n), func(t *testing.T) { messageAllocs(t, role, op, n) })
			}
		}
	})
}

func messageAllocs(t *testing.T, role protocol.Role, op frame.Opcode, n int) {
	payload := []byte(strings.Repeat("0123456789abcde\n", n/16+1)[:n])
	s := protocol.NewSender(senderConfig(opposite(role), false))
	r := protocol.NewReceiver(unlimited(role))
	out := make([]byte, 0, s.Room(n))
	scratch, dst := make([]byte, 64<<10), make([]byte, 0, n)
	whole := func() {
		out = s.AppendMessage(out[:0], op, payload)
		r.Feed(out)
		if ev, err := r.Next(); err != nil || len(ev.Payload) != n {
			t.Fatalf("Next = %v, %v", ev, err)
		}
	}
	pieces := func() {
		out = s.AppendMessage(out[:0], op, payload)
		r.Attach(dst)
		for rest := out; len(rest) > 0; {
			got := copy(r.Want(scratch), rest)
			rest = rest[got:]
			r.Got(got)
			if ev, err := r.Next(); err != nil && err != frame.ErrShort || len(rest) == 0 && len(ev.Payload) != n {
				t.Fatalf("Next = %v, %v", ev, err)
			}
		}
	}
	for name, call := range map[string]func(){"fed": whole, "read-into": pieces} {
		if allocs := testing.AllocsPerRun(20, call); allocs != 0 {
			t.Errorf("%s: %v allocations, want none", name, allocs)
		}
	}
}

// Neither do the rest of what is sent, and what a hostile peer makes us say.
func TestOtherAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	payload := []byte(strings.Repeat("some text ", 100))
	m := prepare(t, frame.Text, string(payload))
	for _, role := range []protocol.Role{protocol.Server, protocol.Client} {
		plain := protocol.NewSender(senderConfig(role, false))
		zipping := protocol.NewSender(senderConfig(role, true))
		out := make([]byte, 0, 16<<10)
		bad := to(role).add(fin|rsv2|frame.Text, "").bytes()
		gathered := to(role).add(frame.Binary, "")
		for range 500 {
			gathered.add(0, "ten bytes.")
		}
		small := gathered.add(fin, "").bytes()
		ping := to(role).add(fin|frame.Ping, "ping").bytes()
		hex := fmt.Sprintf("%x", noise(1, 1000)) // half as long compressed
		compressed := to(role).add(fin|rsv1|frame.Text, deflated(hex)).bytes()
		inflating := protocol.NewReceiver(compressing(unlimited(role)))
		r := protocol.NewReceiver(unlimited(role))
		for name, call := range map[string]func(){
			"prepared":            func() { out = plain.AppendPrepared(out[:0], m) },
			"prepared-compressed": func() { out = zipping.AppendPrepared(out[:0], m) },
			"compressed":          func() { out = zipping.AppendMessage(out[:0], frame.Text, payload) },
			"fragments": func() {
				zipping.Begin(frame.Text)
				out = zipping.AppendFragment(out[:0], payload[:500], protocol.More)
				out = zipping.AppendFragment(out, payload[500:], protocol.Final)
			},
			"control": func() { out, _ = plain.AppendControl(out[:0], frame.Pong, payload[:frame.MaxControl]) },
			"gathered": func() {
				r.Feed(append(out[:0], small...))
				r.Next()
			},
			"inflated": func() {
				inflating.Feed(append(out[:0], compressed...))
				if ev, err := inflating.Next(); err != nil || len(ev.Payload) != len(hex) {
					t.Fatalf("Next = %v, %v", ev, err)
				}
			},
			"ping": func() {
				r.Feed(ping)
				r.Next()
			},
			"violation": func() {
				var r protocol.Receiver
				r.Init(unlimited(role))
				r.Feed(bad)
				r.Next()
			},
		} {
			if allocs := testing.AllocsPerRun(20, call); allocs != 0 {
				t.Errorf("%s, %s: %v allocations, want none", role, name, allocs)
			}
		}
	}
}
