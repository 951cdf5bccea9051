package deflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// benchSizes are those of a small event, a larger one, a page and a document.
var benchSizes = []int{64, 256, 1 << 10, 4 << 10, 64 << 10, 1 << 20}

// benchMessages returns some messages of about the same shape, so that no history holds the message
// itself.
func benchMessages(make func(*rand.Rand, int) []byte, size int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	messages := [][]byte{}
	for range max(4, min(1000, 1<<20/size)) {
		messages = append(messages, make(r, size))
	}
	return messages
}

func BenchmarkCompress(b *testing.B) {
	for _, kind := range kinds[:3] {
		for _, size := range benchSizes {
			messages := benchMessages(kind.make, size)
			for _, takeover := range []string{"on", "off"} {
				name := fmt.Sprintf("data=%s/size=%d/takeover=%s", kind.name, size, takeover)
				b.Run(name+"/impl=own", func(b *testing.B) {
					c := deflate.NewCompressor(deflate.CompressorConfig{NoTakeover: takeover == "off"})
					dst := make([]byte, 0, deflate.MaxCompressed(size))
					benchCompress(b, messages, func(p []byte) int { return len(c.AppendMessage(dst, p)) })
				})
				b.Run(name+"/impl=std", func(b *testing.B) {
					var out bytes.Buffer
					w, _ := flate.NewWriter(&out, 1)
					benchCompress(b, messages, func(p []byte) int {
						out.Reset()
						if takeover == "off" {
							w.Reset(&out)
						}
						w.Write(p)
						w.Flush()
						return out.Len() - len(tail)
					})
				})
			}
		}
	}
}

// benchCompress runs compress over the messages and reports the ratio.
func benchCompress(b *testing.B, messages [][]byte, compress func([]byte) int) {
	b.SetBytes(int64(len(messages[0])))
	b.ReportAllocs()
	in, out, i := 0, 0, 0
	for b.Loop() {
		p := messages[i%len(messages)]
		i++
		in += len(p)
		out += compress(p)
	}
	b.ReportMetric(float64(out)/float64(in), "ratio")
}

func BenchmarkInflate(b *testing.B) {
	for _, kind := range kinds[:3] {
		for _, size := range benchSizes {
			payloads := benchMessages(kind.make, size)
			for i, p := range payloads {
				payloads[i] = deflate.AppendSelfContained(nil, p, 15)
			}
			name := fmt.Sprintf("data=%s/size=%d", kind.name, size)
			b.Run(name+"/impl=own", func(b *testing.B) {
				d := deflate.NewDecompressor(deflate.DecompressorConfig{})
				dst := make([]byte, 0, size)
				benchInflate(b, payloads, size, func(p []byte) error {
					_, err := d.AppendMessage(dst, p, int64(size))
					return err
				})
			})
			b.Run(name+"/impl=std", func(b *testing.B) {
				r := flate.NewReader(nil)
				dst, window := make([]byte, size), make([]byte, 0, 1<<15)
				in := new(bytes.Buffer)
				benchInflate(b, payloads, size, func(p []byte) error {
					in.Reset()
					in.Write(p)
					in.WriteString(tail + finalBlock)
					r.(flate.Resetter).Reset(in, window)
					if _, err := io.ReadFull(r, dst); err != nil {
						return err
					}
					window = append(window[:0], dst[max(0, len(dst)-1<<15):]...)
					return nil
				})
			})
		}
	}
}

// benchInflate runs inflate over the payloads of messages of size bytes.
func benchInflate(b *testing.B, payloads [][]byte, size int, inflate func([]byte) error) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := inflate(payloads[i%len(payloads)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
