package frame_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

const testKey = 0x3d21fa37 // the key 37 fa 21 3d of RFC 6455 §5.7

// fill returns n bytes that differ from their neighbours.
func fill(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*167 + i>>8)
	}
	return p
}

// checkMask holds Mask and MaskCopy against the reference on p, at an offset from an aligned start,
// with guards on both sides.
func checkMask(t *testing.T, p []byte, key uint32, off int) {
	t.Helper()
	pad, tail := fill(off), fill(64)
	want := bytes.Clone(p)
	wantKey := frame.MaskGeneric(want, key)
	whole := slices.Concat(pad, want, tail)

	got := slices.Concat(pad, p, tail)
	if next := frame.Mask(got[off:][:len(p)], key); next != wantKey || !bytes.Equal(got, whole) {
		t.Fatalf("Mask of %d at offset %d, key %#x: next %#x, want %#x\n got % x\nwant % x",
			len(p), off, key, next, wantKey, got, whole)
	}
	got = slices.Concat(pad, make([]byte, len(p)), tail)
	src := bytes.Clone(p)
	next := frame.MaskCopy(got[off:], src, key) // dst longer than src: the tail is not touched
	if next != wantKey || !bytes.Equal(got, whole) || !bytes.Equal(src, p) {
		t.Fatalf("MaskCopy of %d at offset %d, key %#x: next %#x, want %#x\n got % x\nwant % x",
			len(p), off, key, next, wantKey, got, whole)
	}
}

func TestMask(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for n := range 258 {
			p := fill(n)
			for off := range 64 {
				checkMask(t, p, testKey, off)
			}
		}
	})
}

// Lengths for which the kernels loop, each at a few offsets: at all of them over time.
func TestMaskLong(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for n := 258; n < 1400; n++ {
			p := fill(n)
			for _, off := range []int{0, 1, n % 64, 63} {
				checkMask(t, p, testKey, off)
			}
		}
	})
}

// Source and destination each at every alignment to a cache line.
func TestMaskCopyAlignments(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, n := range []int{31, 125, 257, 700} {
			src, dst := fill(n+64), make([]byte, n+128)
			for from := range 64 {
				want := bytes.Clone(src[from:][:n])
				frame.MaskGeneric(want, testKey)
				for to := range 64 {
					clear(dst)
					frame.MaskCopy(dst[to:][:n], src[from:][:n], testKey)
					if whole := slices.Concat(make([]byte, to), want, make([]byte, 128-to)); !bytes.Equal(dst, whole) {
						t.Fatalf("MaskCopy of %d from offset %d to %d:\n got % x\nwant % x", n, from, to, dst, whole)
					}
				}
			}
		}
	})
}

func TestMaskKnown(t *testing.T) {
	p := []byte("\x7f\x9f\x4d\x51\x58") // RFC 6455 §5.7: a masked "Hello"
	if next := frame.Mask(p, testKey); string(p) != "Hello" || next != 0x373d21fa {
		t.Errorf("Mask = %q, next %#x", p, next)
	}
}

// Piece by piece, for every place of two cuts, a payload comes out as it does in one call.
func TestMaskInPieces(t *testing.T) {
	p := fill(70)
	want := bytes.Clone(p)
	end := frame.MaskGeneric(want, testKey)
	for i := range len(p) + 1 {
		for j := i; j <= len(p); j++ {
			got := bytes.Clone(p)
			key := frame.Mask(got[:i], testKey)
			key = frame.Mask(got[i:j], key)
			key = frame.Mask(got[j:], key)
			if key != end || !bytes.Equal(got, want) {
				t.Fatalf("cut at %d and %d: next %#x, want %#x\n got % x\nwant % x", i, j, key, end, got, want)
			}
		}
	}
}

func TestMaskCopyInPlace(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for n := range 1000 {
			got, want := fill(n), fill(n)
			frame.MaskCopy(got, got, testKey)
			frame.MaskGeneric(want, testKey)
			if !bytes.Equal(got, want) {
				t.Fatalf("MaskCopy onto itself\n got % x\nwant % x", got, want)
			}
		}
	})
}

// A dst that is too short panics even where its capacity would do: bytes past its end are not its.
func TestMaskCopyPanics(t *testing.T) {
	dst := make([]byte, 3, 8)
	defer func() {
		if recover() == nil || !bytes.Equal(dst[:8], make([]byte, 8)) {
			t.Errorf("MaskCopy into a short dst did not panic, or wrote: % x", dst[:8])
		}
	}()
	frame.MaskCopy(dst, fill(4), testKey)
}

func FuzzMask(f *testing.F) {
	for _, n := range []int{0, 1, 3, 4, 7, 8, 31, 32, 33, 100} {
		f.Add(fill(n), uint32(testKey), uint8(n))
	}
	f.Add(fill(600), uint32(1), uint8(63))
	f.Fuzz(func(t *testing.T, p []byte, key uint32, off uint8) {
		eachKernel(t, func(t *testing.T) { checkMask(t, p, key, int(off%64)) })
	})
}

func ExampleMask() {
	p := []byte("Hello")
	next := frame.Mask(p[:2], 0x3d21fa37) // in two pieces
	frame.Mask(p[2:], next)
	fmt.Printf("% x\n", p)
	// Output: 7f 9f 4d 51 58
}
