package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// sizes are payload lengths: chat, the longest with the shortest header, a page, a scratch and more.
var sizes = []int{16, 125, 1024, 4096, 65536, 1 << 20}

func BenchmarkReceive(b *testing.B) {
	for _, size := range sizes {
		for _, role := range []protocol.Role{protocol.Server, protocol.Client} {
			for _, op := range []frame.Opcode{frame.Text, frame.Binary} {
				b.Run(fmt.Sprintf("size=%d/role=%s/type=%s", size, role, op), func(b *testing.B) {
					// a key of 0 masks without changing, so that one stream serves again and again
					cfg := protocol.SenderConfig{Role: opposite(role), Key: func() uint32 { return 0 }}
					stream := protocol.NewSender(cfg).AppendMessage(nil, op, []byte(strings.Repeat("a", size)))
					r := protocol.NewReceiver(unlimited(role))
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						r.Feed(stream)
						if _, err := r.Next(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkReceiveDirect reads large messages into the caller's memory.
func BenchmarkReceiveDirect(b *testing.B) {
	for _, size := range []int{1 << 17, 1 << 20} {
		b.Run(fmt.Sprintf("size=%d/role=client", size), func(b *testing.B) {
			stream := to(protocol.Client).add(fin|frame.Binary, strings.Repeat("a", size)).bytes()
			r := protocol.NewReceiver(unlimited(protocol.Client))
			scratch, dst := make([]byte, 64<<10), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r.Attach(dst)
				for rest := stream; len(rest) > 0; {
					n := copy(r.Want(scratch), rest)
					rest = rest[n:]
					r.Got(n)
					r.Next()
				}
			}
		})
	}
}

func BenchmarkSend(b *testing.B) {
	for _, size := range sizes {
		for _, role := range []protocol.Role{protocol.Server, protocol.Client} {
			b.Run(fmt.Sprintf("size=%d/role=%s", size, role), func(b *testing.B) {
				s := protocol.NewSender(senderConfig(role, false))
				payload, dst := make([]byte, size), make([]byte, 0, s.Room(size))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					dst = s.AppendMessage(dst[:0], frame.Binary, payload)
				}
			})
		}
	}
}
