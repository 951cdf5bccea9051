package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// What a Sender sends, a Receiver of the other role understands: every length around the borders of
// headers, classes and scratches, whole and in fragments, with and without compression.
func TestRoundTrip(t *testing.T) {
	lengths := []int{0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 511, 512, 513, 4095, 4096, 4097, 65535, 65536, 65537, 200_000, 300_000}
	for _, compression := range []bool{false, true} {
		for _, maxFrame := range []int{0, 1000, 65536} {
			t.Run(fmt.Sprintf("compression=%t/max-frame=%d", compression, maxFrame), func(t *testing.T) {
				eachRole(t, func(t *testing.T, role protocol.Role) {
					cfg := senderConfig(opposite(role), compression)
					cfg.MaxFrame = maxFrame
					s := protocol.NewSender(cfg)
					var stream []byte
					var want []said
					for _, n := range lengths {
						payload := strings.Repeat("0123456789abcde\n", n/16+1)[:n]
						stream = s.AppendMessage(stream, frame.Text, []byte(payload))
						stream = s.AppendMessage(stream, frame.Binary, noise(1, n))
						stream, _ = s.AppendControl(stream, frame.Pong, []byte(payload[:min(n, frame.MaxControl)]))
						want = append(want, text(payload), binary(string(noise(1, n))), pong(payload[:min(n, frame.MaxControl)]))
					}
					stream, err := s.AppendClose(stream, frame.CodeGoingAway, "bye")
					if err != nil {
						t.Fatal(err)
					}
					want = append(want, closing(frame.CodeGoingAway, "bye"))
					for _, size := range []int{100, 4096, 65536} {
						r := protocol.NewReceiver(compressing(unlimited(role)))
						got, bad := read(t, r, stream, size, func() int { return size })
						wantEvents(t, got, bad, want...)
					}
				})
			})
		}
	}
}

// Random conversations: messages, fragments, prepared ones and control frames in turn, on every window.
func TestRandomConversations(t *testing.T) {
	rng := random(t)
	shared := prepare(t, frame.Text, strings.Repeat("prepared for all, ", 100))
	for range 200 {
		role, bits, noTakeover := protocol.Role(rng.IntN(2)), 8+rng.IntN(8), rng.IntN(2) == 0
		cfg := senderConfig(opposite(role), true)
		cfg.WindowBits, cfg.Threshold, cfg.MaxFrame = bits, rng.IntN(200), rng.IntN(3)*500
		cfg.Compressor = deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits, NoTakeover: noTakeover, HistorySize: rng.IntN(1 << 15)})
		in := unlimited(role)
		in.Decompressor = deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits, NoTakeover: noTakeover})
		s, r := protocol.NewSender(cfg), protocol.NewReceiver(in)
		words := newTalker(rng, role, false)
		var stream []byte
		var want []said
		for range 10 {
			p := words.words()
			for !mayBeText([]byte(p), true) {
				p = words.words()
			}
			switch rng.IntN(4) {
			case 0:
				stream = s.AppendMessage(stream, frame.Text, []byte(p))
				want = append(want, text(p))
			case 1:
				cut := rng.IntN(len(p) + 1)
				stream = append(stream, appendFragments(s, frame.Binary, p[:cut], p[cut:])...)
				want = append(want, binary(p))
			case 2:
				stream = s.AppendPrepared(stream, shared)
				want = append(want, text(string(shared.Payload())))
			default:
				stream, _ = s.AppendControl(stream, frame.Ping, []byte("still there?"))
				want = append(want, ping("still there?"))
			}
		}
		got, bad := read(t, r, stream, 1+rng.IntN(5000), func() int { return 1 + rng.IntN(3000) })
		wantEvents(t, got, bad, want...)
	}
}

// Room is enough for a message, however it is sent, so that no buffer has to move, and no more than its
// bytes, compressed at worst, and a longest header for each of its frames and one more.
func TestRoom(t *testing.T) {
	for _, compression := range []bool{false, true} {
		eachRole(t, func(t *testing.T, role protocol.Role) {
			for _, maxFrame := range []int{0, 1, 10, 1000} {
				cfg := senderConfig(role, compression)
				cfg.MaxFrame = maxFrame
				s := protocol.NewSender(cfg)
				for _, n := range []int{0, 1, 9, 10, 11, 20, 125, 126, 1000, 70_000} {
					frames := 1
					if maxFrame > 0 {
						frames += n / maxFrame
					}
					if most := deflate.MaxCompressed(n) + frames*frame.MaxHeader; s.Room(n) > most {
						t.Errorf("Room of %d bytes in frames of %d is %d, want %d at the most", n, maxFrame, s.Room(n), most)
					}
					p := noise(uint64(n), n)
					m := prepare(t, frame.Binary, string(p))
					for name, made := range map[string][]byte{
						"message":  s.AppendMessage(nil, frame.Binary, p),
						"prepared": s.AppendPrepared(nil, m),
						"fragment": appendFragments(s, frame.Binary, string(p)),
					} {
						if len(made) > s.Room(n) {
							t.Errorf("%s of %d bytes in frames of %d takes %d, Room is %d", name, n, maxFrame, len(made), s.Room(n))
						}
					}
				}
			}
		})
	}
}
