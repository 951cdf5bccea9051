package frame_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// sizes are payload lengths: the smallest, the longest with two bytes of header, a page, and one
// past the first-level cache.
var sizes = []int{5, 16, 125, 1024, 4096, 65536}

func BenchmarkMask(b *testing.B) {
	benchmarkKernels(b, func(b *testing.B) {
		for _, size := range sizes {
			for _, align := range []int{0, 3} {
				b.Run(fmt.Sprintf("size=%d/align=%d", size, align), func(b *testing.B) {
					p := make([]byte, size+align)[align:]
					b.SetBytes(int64(size))
					b.ReportAllocs()
					key := uint32(0x3d21fa37)
					for b.Loop() {
						key = frame.Mask(p, key)
					}
				})
			}
		}
	})
}

func BenchmarkMaskCopy(b *testing.B) {
	benchmarkKernels(b, func(b *testing.B) {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
				src, dst := make([]byte, size), make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					frame.MaskCopy(dst, src, 0x3d21fa37)
				}
			})
		}
	})
}

// BenchmarkCopy is what the masks are measured against.
func BenchmarkCopy(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			src, dst := make([]byte, size), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				copy(dst, src)
			}
		})
	}
}

// texts are what people write, each repeated to the length wanted.
var texts = []struct{ name, text string }{
	{"ascii", `{"room":7,"from":"ann","text":"hello there, how are you?"} `},
	{"latin", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. "},
	{"cyrillic", "Съешь же ещё этих мягких французских булок, да выпей чаю. "},
	{"chinese", "视野无限广，窗外有蓝天。微风迎客，软语伴茶。"},
	{"emoji", "🐦🌊🛫🌏🐦🌊🛬🌍"},
}

// textOf returns at least size bytes of text, ending where a character ends.
func textOf(text string, size int) []byte {
	return []byte(strings.Repeat(text, size/len(text)+1))
}

// cutText returns size bytes of text, or the few less with which a character ends.
func cutText(text string, size int) []byte {
	p := textOf(text, size)[:size]
	for !utf8.Valid(p) {
		p = p[:len(p)-1]
	}
	return p
}

func BenchmarkUTF8(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, p []byte) {
		for b.Loop() {
			var u frame.UTF8
			if !u.Feed(p) {
				b.Fatal("Feed refused valid text")
			}
		}
	})
}

func BenchmarkUnmask(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, p []byte) {
		for b.Loop() {
			var u frame.UTF8
			if _, ok := u.Unmask(p, 0); !ok { // key 0 leaves the text as it is
				b.Fatal("Unmask refused valid text")
			}
		}
	})
}

// benchmarkTexts runs f on each kernel for texts of several kinds and lengths.
func benchmarkTexts(b *testing.B, f func(b *testing.B, p []byte)) {
	benchmarkKernels(b, func(b *testing.B) {
		for _, tt := range texts {
			for _, size := range []int{16, 125, 1024, 16384} {
				b.Run(fmt.Sprintf("text=%s/size=%d", tt.name, size), func(b *testing.B) {
					p := cutText(tt.text, size)
					b.SetBytes(int64(len(p)))
					b.ReportAllocs()
					f(b, p)
				})
			}
		}
	})
}

func BenchmarkParseHeader(b *testing.B) {
	for _, tt := range headers {
		b.Run("kind="+tt.name, func(b *testing.B) {
			in := frame.AppendHeader(nil, tt.h)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := frame.ParseHeader(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendHeader(b *testing.B) {
	for _, tt := range headers {
		b.Run("kind="+tt.name, func(b *testing.B) {
			buf := make([]byte, 0, frame.MaxHeader)
			b.ReportAllocs()
			for b.Loop() {
				buf = frame.AppendHeader(buf[:0], tt.h)
			}
		})
	}
}

// headers are the shapes a header takes, one for each length of it.
var headers = []struct {
	name string
	h    frame.Header
}{
	{"plain7", frame.Header{Fin: true, Opcode: frame.Text, Length: 125}},
	{"plain16", frame.Header{Fin: true, Opcode: frame.Binary, Length: 126}},
	{"plain64", frame.Header{Fin: true, Opcode: frame.Binary, Length: 65536}},
	{"masked7", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: 0x3d21fa37, Length: 125}},
	{"masked16", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: 0x3d21fa37, Length: 65535}},
	{"masked64", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: 0x3d21fa37, Length: 1<<63 - 1}},
}

func BenchmarkParser(b *testing.B) {
	for _, tt := range []struct {
		name string
		cut  int // bytes a read
	}{{"whole", 64 << 10}, {"13", 13}} {
		b.Run("cut="+tt.name, func(b *testing.B) {
			stream := smallFrames(100, 125)
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				parseAll(b, stream, tt.cut)
			}
		})
	}
}

// smallFrames returns n masked binary frames, each of size bytes.
func smallFrames(n, size int) []byte {
	var s []byte
	h := frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: 0x3d21fa37, Length: int64(size)}
	for range n {
		s = append(frame.AppendHeader(s, h), make([]byte, size)...)
	}
	return s
}
