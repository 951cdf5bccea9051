package deflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// tail is what RFC 7692 §7.2.1 takes off a payload, and finalBlock ends a stream for compress/flate.
const (
	tail       = "\x00\x00\xff\xff"
	finalBlock = "\x01\x00\x00\xff\xff"
)

// kinds are the sorts of plaintext that tests go through.
var kinds = []struct {
	name string
	make func(r *rand.Rand, n int) []byte
}{
	{"json", makeJSON},
	{"text", makeText},
	{"random", makeRandom},
	{"zeros", func(_ *rand.Rand, n int) []byte { return make([]byte, n) }},
	{"period-3", func(_ *rand.Rand, n int) []byte { return bytes.Repeat([]byte("abc"), n/3+1)[:n] }},
	{"high-bytes", func(r *rand.Rand, n int) []byte {
		p := makeRandom(r, n)
		for i := range p {
			p[i] |= 0x80
		}
		return p
	}},
	{"mixed", func(r *rand.Rand, n int) []byte {
		p := makeJSON(r, n)
		for i := 0; i+4096 <= n; i += 20000 {
			copy(p[i:], makeRandom(r, 4096))
		}
		return p
	}},
}

func makeJSON(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"user":"user-%d","room":"lobby","kind":%q,"at":"2026-01-%02dT10:%02d:00Z","price":%.2f,"tags":["a","b%d"]},`,
			r.IntN(1e6), r.IntN(500), []string{"message", "join", "leave", "typing"}[r.IntN(4)], 1+r.IntN(28), r.IntN(60), r.Float64()*1000, r.IntN(50))
	}
	return b.Bytes()[:n]
}

func makeText(r *rand.Rand, n int) []byte {
	words := strings.Fields("the godwit flies from alaska to new zealand without landing and its connections stay up while the wind from the south turns into another ocean of air")
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteByte(' ')
	}
	return b.Bytes()[:n]
}

func makeRandom(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// sizes are those around which codecs go wrong: small ones, and borders of windows and blocks.
func sizes() []int {
	var s []int
	step := 1
	if raceEnabled {
		step = 7
	}
	for n := 0; n <= 300; n += step {
		s = append(s, n)
	}
	s = append(s, 4095, 4096, 4097, 32767, 32768, 32769, 65534, 65535, 65536, 65537, 131070)
	switch {
	case os.Getenv("GODWIT_LONG") == "1":
		return append(s, 1<<20)
	case raceEnabled:
		return s
	}
	return append(s, 1<<18) // some windows and blocks
}

// newRand returns a source of random numbers whose seed a failing test prints.
func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// stdInflater inflates payloads with the standard library, given the window before each.
type stdInflater struct {
	in bytes.Buffer
	r  io.ReadCloser
}

func (s *stdInflater) inflate(payload, window []byte) ([]byte, error) {
	s.in.Reset()
	s.in.Write(payload)
	s.in.WriteString(tail + finalBlock)
	if s.r == nil {
		s.r = flate.NewReader(nil)
	}
	if err := s.r.(flate.Resetter).Reset(&s.in, window); err != nil {
		return nil, err
	}
	return io.ReadAll(s.r)
}

func TestCompressorAgainstStandardLibrary(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, noTakeover := range []bool{false, true} {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("bits-%d/no-takeover-%v/%s", bits, noTakeover, kind.name), func(t *testing.T) {
					t.Parallel()
					r := newRand(t)
					c := deflate.NewCompressor(deflate.CompressorConfig{WindowBits: bits, NoTakeover: noTakeover, HistorySize: 1 << 15})
					d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: bits, NoTakeover: noTakeover})
					var std stdInflater
					var window []byte
					for _, n := range sizes() {
						p := kind.make(r, n)
						payload := c.AppendMessage(nil, p)
						if len(payload) > deflate.MaxCompressed(n) {
							t.Fatalf("%d bytes took %d, more than MaxCompressed", n, len(payload))
						}
						got, err := std.inflate(payload, window)
						if err != nil || !bytes.Equal(got, p) {
							t.Fatalf("size %d: standard library: %v", n, err)
						}
						got, err = d.AppendMessage(nil, payload, int64(n))
						if err != nil || !bytes.Equal(got, p) {
							t.Fatalf("size %d: Decompressor: %v", n, err)
						}
						if !noTakeover {
							window = append(window, p...)
							window = window[max(0, len(window)-1<<bits):]
						}
					}
				})
			}
		}
	}
}
