package deflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// hostile is input that must not be taken for a message. built makes it a bit at a time.
var hostile = []struct {
	name  string
	built func(b *bitString)
}{
	{"reserved-type", func(b *bitString) { b.raw(0b110, 3) }},
	{"stored-length", func(b *bitString) { b.out = []byte("\x00\x05\x00\xfb\xffHello\x00") }},
	{"stored-into-tail", func(b *bitString) { b.out = []byte("\x00\x05\x00\xfa\xffH") }},
	{"stored-far-past-end", func(b *bitString) { b.out = []byte("\x00\xff\xff\x00\x00H") }},
	{"stored-header-only", func(b *bitString) { b.out = []byte("\x00\x05") }},
	{"distance-before-anything", func(b *bitString) { b.fixedBlock(); b.match(3, 1); b.endOfBlock(); b.sync() }},
	{"distance-past-start", func(b *bitString) {
		b.fixedBlock()
		b.literal('a')
		b.match(3, 2)
		b.endOfBlock()
		b.sync()
	}},
	{"length-symbol-286", func(b *bitString) { b.fixedBlock(); b.literal('a'); b.code(0xc6, 8); b.code(0, 5); b.endOfBlock() }},
	{"length-symbol-287", func(b *bitString) { b.fixedBlock(); b.literal('a'); b.code(0xc7, 8); b.code(0, 5); b.endOfBlock() }},
	{"distance-symbol-30", func(b *bitString) { b.fixedBlock(); b.literal('a'); b.code(1, 7); b.code(30, 5); b.endOfBlock() }},
	{"distance-symbol-31", func(b *bitString) { b.fixedBlock(); b.literal('a'); b.code(1, 7); b.code(31, 5); b.endOfBlock() }},
	{"no-end-of-block", func(b *bitString) { b.fixedBlock(); b.code(0x190, 9); b.code(0x1ff, 9); b.raw(1, 1) }},
	{"no-sync", func(b *bitString) { b.out = []byte("\xf2\x48\xcd\xc9\xc9\x07") }},
	{"garbage-after-tail", func(b *bitString) { b.out = []byte("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x99\x99") }},
	{"garbage-after-final", func(b *bitString) { b.out = []byte("\xf3\x48\xcd\xc9\xc9\x07\x00\xff") }},
	{"287-literals", func(b *bitString) { b.dynamicHeader(287, 1, 1, 1, 0, 0); b.raw(0, 64) }},
	{"31-distances", func(b *bitString) { b.dynamicHeader(257, 31, 1, 1, 0, 0); b.raw(0, 64) }},
	{"header-only", func(b *bitString) { b.dynamicHeader(257, 1, 0, 0, 0, 0) }},
	{"meta-over-subscribed", func(b *bitString) { b.dynamicHeader(257, 1, 1, 1, 1, 0); b.raw(0, 64) }},
	{"meta-incomplete", func(b *bitString) { b.dynamicHeader(257, 1, 2, 2, 0, 0); b.raw(0, 64) }},
	{"meta-empty", func(b *bitString) { b.dynamicHeader(257, 1, 0, 0, 0, 0); b.raw(0, 64) }},
	{"repeat-without-last", func(b *bitString) { b.dynamicHeader(257, 1, 1, 1, 0, 0); b.code(0, 1); b.raw(0, 64) }},
	{"repeat-past-end", func(b *bitString) {
		b.dynamicHeader(257, 1, 0, 0, 1, 1) // symbols 18 and 0
		for range 2 {
			b.code(1, 1)
			b.raw(127, 7) // 138 zeros, twice
		}
		b.raw(0, 64)
	}},
	// The alphabet of lengths is 0 and 1 in these: 0 stands for 0, 1 for 1.
	{"literals-over-subscribed", func(b *bitString) { withSizes(b, 257, 1, 0, 1, 2, 256, 257) }},
	{"distances-over-subscribed", func(b *bitString) { withSizes(b, 257, 3, 0, 256, 257, 258, 259) }},
	{"no-literals", func(b *bitString) { withSizes(b, 257, 1, 257) }},
	{"distance-without-codes", func(b *bitString) { withSizes(b, 258, 1, 256, 257); b.code(1, 1); b.raw(0, 40) }},
	{"missing-half-of-single-code", func(b *bitString) { withSizes(b, 257, 1, 256, 257); b.code(1, 1); b.raw(0, 40) }},
	// What was taken off the end must not complete a block that was cut off: here its bits are eight
	// times 00, once 01, and 15 ones for the end of the block.
	{"tail-as-content", func(b *bitString) {
		b.dynamicHeader(257, 1, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4)
		for symbol := range 257 + 1 {
			switch {
			case symbol >= 'a' && symbol < 'd':
				b.code(2, 4)
			case symbol >= 'd' && symbol < 'q':
				b.code(symbol-'d'+3, 4)
			case symbol == 256:
				b.code(15, 4)
			default:
				b.code(0, 4)
			}
		}
		b.code(0b110_00_0, 6)
		if b.n%8 != 0 {
			panic("not on a byte border")
		}
	}},
}

// withSizes starts a dynamic block in which the places in ones, counted over both alphabets, have codes
// of one bit.
func withSizes(b *bitString, literals, distances int, ones ...int) {
	b.dynamicHeader(literals, distances, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	for i := range literals + distances {
		if slices.Contains(ones, i) {
			b.code(1, 1)
		} else {
			b.code(0, 1)
		}
	}
}

func TestHostileInput(t *testing.T) {
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			var b bitString
			tt.built(&b)
			d := deflate.NewDecompressor(deflate.DecompressorConfig{})
			got, err := d.AppendMessage(nil, b.out, 1000)
			if !errors.Is(err, deflate.ErrCorrupt) {
				t.Errorf("% x gave %q, error %v; want ErrCorrupt", b.out, got, err)
			}
		})
	}
}

// TestSingleCode has one distance in use, with a code of one bit (RFC 1951 §3.2.7).
func TestSingleCode(t *testing.T) {
	var b bitString
	b.dynamicHeader(258, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1) // sizes 0, 2: two bits; 1: one bit
	zero, one, two := func() { b.code(2, 2) }, func() { b.code(0, 1) }, func() { b.code(3, 2) }
	for i := range 258 {
		switch i {
		case 'a':
			one()
		case 256, 257:
			two()
		default:
			zero()
		}
	}
	one()
	b.code(0, 1) // a
	b.code(3, 2) // three bytes
	b.code(0, 1) // from one back
	b.code(2, 2) // end
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	got, err := d.AppendMessage(nil, b.sync(), 4)
	if err != nil || string(got) != "aaaa" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestEveryPrefixIsCorrupt cuts payloads short. Only the header of a stored block alone is a message, the
// empty one.
func TestEveryPrefixIsCorrupt(t *testing.T) {
	r := newRand(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			p := kind.make(r, 700)
			payload := deflate.AppendSelfContained(nil, p, 15)
			for n := 1; n < len(payload); n++ {
				if string(payload[:n]) == "\x00" {
					continue
				}
				d := deflate.NewDecompressor(deflate.DecompressorConfig{})
				got, err := d.AppendMessage(nil, payload[:n], -1)
				if !errors.Is(err, deflate.ErrCorrupt) {
					t.Errorf("cut at %d of %d: %d bytes, error %v", n, len(payload), len(got), err)
				}
			}
		})
	}
}

// TestFlippedBits damages payloads at every bit. Whatever comes out obeys the limit.
func TestFlippedBits(t *testing.T) {
	r := newRand(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			payload := deflate.AppendSelfContained(nil, kind.make(r, 400), 15)
			for bit := range 8 * len(payload) {
				damaged := bytes.Clone(payload)
				damaged[bit/8] ^= 1 << (bit % 8)
				checkAgainstStandardLibrary(t, damaged, 1<<20)
			}
		})
	}
}

// checkAgainstStandardLibrary inflates src with the Decompressor and with compress/flate, which must
// agree: on the plaintext, and on whether there is one. The latter has no notion of a payload's end, so
// where it ran into the tail only our error counts.
func checkAgainstStandardLibrary(t *testing.T, src []byte, limit int) {
	t.Helper()
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	got, err := d.AppendMessage(nil, src, int64(limit))
	if len(got) > limit || cap(got) > max(limit, 512) {
		t.Fatalf("% x: %d bytes in %d, past the limit of %d", src, len(got), cap(got), limit)
	}
	want, whole := stdStreams(src, limit+1)
	switch {
	case errors.Is(err, deflate.ErrTooBig):
		if !bytes.HasPrefix(want, got) || len(want) <= limit {
			t.Fatalf("% x: too big, but the standard library finds %d bytes", src, len(want))
		}
	case err == nil && !whole:
		t.Fatalf("% x: we take it for a message, the standard library does not", src)
	case err == nil && !bytes.Equal(got, want):
		t.Fatalf("% x: got % x, want % x", src, got, want)
	case err != nil && !errors.Is(err, deflate.ErrCorrupt):
		t.Fatalf("% x: error %v", src, err)
	case err != nil && whole && !strings.Contains(err.Error(), "ends inside"):
		t.Fatalf("% x: we say %v, the standard library takes it", src, err)
	}
}

// stdStreams inflates src, the tail and a final block with compress/flate, one stream after another, up
// to limit bytes. whole says that all of src was streams.
func stdStreams(src []byte, limit int) (plain []byte, whole bool) {
	if len(src) == 0 {
		return nil, true
	}
	in := bytes.NewReader(slices.Concat(src, []byte(tail+finalBlock)))
	for {
		r := flate.NewReaderDict(in, plain[max(0, len(plain)-1<<15):])
		more, err := io.ReadAll(io.LimitReader(r, int64(limit-len(plain))))
		plain = append(plain, more...)
		if err != nil || len(plain) >= limit {
			return plain, false
		}
		switch in.Len() {
		case 0, len(finalBlock), len(finalBlock) + len(tail):
			return plain, true
		}
	}
}

func TestHostileInputAgainstStandardLibrary(t *testing.T) {
	for i, tt := range hostile {
		t.Run(fmt.Sprintf("%d-%s", i, tt.name), func(t *testing.T) {
			var b bitString
			tt.built(&b)
			checkAgainstStandardLibrary(t, b.out, 1000)
		})
	}
}
