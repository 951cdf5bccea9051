package protocol_test

import (
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// RFC 6455 §5.4 and RFC 7692 §6.1: the opcode and RSV1 stand on the first fragment alone.
func TestAppendFragment(t *testing.T) {
	for _, tt := range []struct {
		name        string
		op          frame.Opcode
		compression bool
		threshold   int
		fragments   []string
		want        string // a server's
	}{
		{"one", frame.Text, false, 0, []string{"Hello"}, "81 05 48656c6c6f"},
		{"two", frame.Text, false, 0, []string{"Hel", "lo"}, "01 03 48656c 80 02 6c6f"},
		{"three", frame.Binary, false, 0, []string{"H", "", "llo"}, "02 01 48 00 00 80 03 6c6c6f"},
		{"empty", frame.Text, false, 0, []string{""}, "81 00"},
		{"empty-end", frame.Text, false, 0, []string{"H", ""}, "01 01 48 80 00"},
		{"compressed-one", frame.Text, true, 0, []string{"Hello"}, "c1 07 f248cdc9c90700"},
		{"compressed-two", frame.Text, true, 0, []string{"Hel", "lo"}, "41 09 f248cd01000000ffff 80 04 cac90700"},
		{"compressed-empty-end", frame.Binary, true, 0, []string{"Hello", ""}, "42 0b f248cdc9c907000000ffff 80 01 00"},
		{"short-and-alone-under-the-threshold", frame.Text, true, 6, []string{"Hello"}, "81 05 48656c6c6f"},
		{"at-the-threshold", frame.Text, true, 5, []string{"Hello"}, "c1 07 f248cdc9c90700"},
		{"short-but-not-alone", frame.Text, true, 6, []string{"Hello", ""}, "41 0b f248cdc9c907000000ffff 80 01 00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := senderConfig(protocol.Server, tt.compression)
			cfg.Threshold = tt.threshold
			wantHex(t, appendFragments(protocol.NewSender(cfg), tt.op, tt.fragments...), "", tt.want)

			cfg = senderConfig(protocol.Client, tt.compression)
			cfg.Threshold = tt.threshold
			r := protocol.NewReceiver(compressing(unlimited(protocol.Server)))
			got, bad := feed(t, r, appendFragments(protocol.NewSender(cfg), tt.op, tt.fragments...))
			whole := ""
			for _, p := range tt.fragments {
				whole += p
			}
			wantEvents(t, got, bad, said{Kind: protocol.Message, Opcode: tt.op, Last: true, Payload: whole})
		})
	}
}

// appendFragments sends a message fragment by fragment.
func appendFragments(s *protocol.Sender, op frame.Opcode, fragments ...string) (out []byte) {
	s.Begin(op)
	for i, p := range fragments {
		out = s.AppendFragment(out, []byte(p), protocol.Position(i == len(fragments)-1))
	}
	return out
}

// A fragmented message leaves nothing behind for the next one, compressed or not.
func TestFragmentedMessagesInTurn(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		cfg := senderConfig(opposite(role), true)
		cfg.Threshold = 4
		s := protocol.NewSender(cfg)
		out := appendFragments(s, frame.Text, "compressed, ", "in two")
		out = append(out, appendFragments(s, frame.Binary, "no")...)
		out = s.AppendMessage(out, frame.Text, []byte("whole"))
		out = append(out, appendFragments(s, frame.Text, "", "compressed")...)
		got, bad := feed(t, protocol.NewReceiver(compressing(unlimited(role))), out)
		wantEvents(t, got, bad, text("compressed, in two"), binary("no"), text("whole"), text("compressed"))
	})
}
