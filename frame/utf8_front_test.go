package frame_test

import (
	"bytes"
	"iter"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// faults are bytes that are cut or wrong, each in another way, and some that are fine.
var faults = []string{
	"\x80", "\xbf", "\xc0", "\xc1\xbf", "\xc3", "\xc3\xa9", "\xc3a", "\xe0\x9f", "\xe0\xa0", "\xe2\x82", "\xe2\x82\xac",
	"\xe2\x82\xac\x80", "\xed\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf0\x90\x80\x80", "\xf0\x90\x80\x80\x80",
	"\xf0", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5", "\xf8\x88\x80\x80\x80", "\xff", "a\xff", "\xf0\x9f\x90a", "\xe2\xe2", "\xc3\xe2\x82\xac",
}

// frontLengths yields the lengths of text up to longest that the kernels may tell apart: each up to
// a vector and some, then those around whole vectors; with GODWIT_LONG=1 each.
func frontLengths(longest int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := range longest {
			around := (n+7)%64 < 9 // a fault of up to 5 bytes makes it longer
			if (n <= 72 || around || long()) && !yield(n) {
				return
			}
		}
	}
}

// Each fault at each place of texts of many lengths: where vectors begin, where they end, and where
// the last one overlaps the one before.
func TestUTF8FaultAnywhere(t *testing.T) {
	fillers, longest := []string{"a", "ü", "视", "🐦", "aü视🐦"}, 200
	if raceEnabled || testing.Short() {
		fillers, longest = fillers[3:], 100
	}
	eachKernel(t, func(t *testing.T) {
		for _, filler := range fillers {
			text, buf := bytes.Repeat([]byte(filler), 400), make([]byte, 0, 512)
			for n := range frontLengths(longest) {
				for at := 0; at <= n; at += len(filler) {
					for _, fault := range faults {
						buf = append(append(append(buf[:0], text[:at]...), fault...), text[:n-at]...)
						wantFeed(t, buf) // it may end in a cut character, too
						wantValidFront(t, buf)
					}
				}
			}
		}
	})
}

// Each pair of a byte that isn't ASCII and any other, with up to two continuations after it: all that
// the kernels' tables can tell apart, in the midst of a vector and across two.
func TestUTF8EveryPair(t *testing.T) {
	front, back := bytes.Repeat([]byte("a"), 63), []byte("视野, and ASCII, to fill some vectors that come after it")
	step := 1
	if raceEnabled || testing.Short() {
		step = 17
	}
	eachKernel(t, func(t *testing.T) {
		buf := make([]byte, 0, 256)
		for i := 0; i < 1<<15; i += step {
			p := [4]byte{0x80 | byte(i>>8), byte(i), 0x80, 0xBF}
			for n := 2; n <= len(p); n++ {
				for _, at := range []int{40, len(front)} {
					buf = append(append(append(buf[:0], front[:at]...), p[:n]...), back...)
					wantFeed(t, buf)
					wantValidFront(t, buf)
				}
			}
		}
	})
}

// What follows a character of three or four bytes in a word of eight, where two such may
// be seen as one: all first bytes there, and others that differ in each of the bits that
// are compared.
func TestUTF8SecondInWord(t *testing.T) {
	others := []byte{0x01, 0x20, 0x3F, 0x41, 0x55, 0x7F, 0x80, 0x81, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE1, 0xF1}
	step, n := 1, len(others)
	if raceEnabled || testing.Short() {
		step = 7
	}
	buf := make([]byte, 0, 16)
	for _, first := range []string{"a视", "🐦"} {
		for b := range 256 {
			for i := 0; i < n*n*n; i += step {
				buf = append(append(buf[:0], first...), byte(b), others[i%n], others[i/n%n], others[i/n/n])
				wantFeed(t, buf)
			}
		}
	}
}

// All there is of valid text is fine to the kernels, too: it doesn't reach the state machine.
func TestUTF8EveryRuneAtOnce(t *testing.T) {
	fronts := []string{"", "a", "ab", "abc"}
	if raceEnabled || testing.Short() {
		fronts = fronts[1:2]
	}
	for _, front := range fronts {
		text := []byte(front)
		for r := range rune(utf8.MaxRune + 1) {
			if utf8.ValidRune(r) {
				text = utf8.AppendRune(text, r)
			}
		}
		eachKernel(t, func(t *testing.T) {
			wantValidFront(t, text)
			wantUnmaskFront(t, text, testKey)
		})
	}
}

// wantValidFront holds the front that a kernel finds in p to what it promises.
func wantValidFront(t *testing.T, p []byte) {
	t.Helper()
	ok, _ := possible(p)
	wantFront(t, p, frame.ValidFront(p), ok)
}

// wantFront holds a front that a kernel found in p to what it promises: it ends where a character
// does, and all but a few bytes before the first bad one or the end of p.
func wantFront(t *testing.T, p []byte, front int, ok bool) {
	t.Helper()
	end, slack := len(p), 7 // the pure loop leaves less than a word
	if !ok {
		end, slack = firstBad(p), 63+3
	}
	if front > end || end-front > slack || !utf8.Valid(p[:front]) {
		t.Fatalf("front of % x: %d bytes, where %d are fine", p, front, end)
	}
}

// firstBad returns where in p the first byte lies that can't be right. There is one.
func firstBad(p []byte) int {
	start := 0
	for {
		r, n := utf8.DecodeRune(p[start:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		start += n
	}
	for i := start; ; i++ {
		if ok, _ := possible(p[start : i+1]); !ok {
			return i
		}
	}
}

// wantUnmaskFront holds the front of masked text that a kernel unmasks to what it promises.
func wantUnmaskFront(t *testing.T, plain []byte, key uint32) {
	t.Helper()
	masked := bytes.Clone(plain)
	frame.MaskGeneric(masked, key)
	got := bytes.Clone(masked)
	n, checked := frame.UnmaskFront(got, key)
	if want := slices.Concat(plain[:n], masked[n:]); !bytes.Equal(got, want) {
		t.Fatalf("UnmaskFront of % x, key %#x: %d bytes unmasked\n got % x\nwant % x", plain, key, n, got, want)
	}
	if ok, _ := possible(plain); frame.Running() != "go" && len(plain) >= 36 {
		wantFront(t, plain, checked, ok)
	} else if !utf8.Valid(plain[:checked]) {
		t.Fatalf("UnmaskFront of % x: %d bytes called fine", plain, checked)
	}
}

// The kernel that unmasks at the same time, on faults anywhere.
func TestUTF8UnmaskFaultAnywhere(t *testing.T) {
	fillers, longest := []string{"a", "ü", "视", "🐦", "aü视🐦"}, 200
	if raceEnabled || testing.Short() {
		fillers, longest = fillers[3:], 100
	}
	eachKernel(t, func(t *testing.T) {
		for _, filler := range fillers {
			text, buf := bytes.Repeat([]byte(filler), 400), make([]byte, 0, 512)
			for n := range frontLengths(longest) {
				for at := 0; at <= n; at += len(filler) {
					for _, fault := range faults {
						buf = append(append(append(buf[:0], text[:at]...), fault...), text[:n-at]...)
						wantUnmaskFront(t, buf, testKey)
					}
				}
			}
		}
	})
}

// All that Unmask does with lengths and alignments: ASCII and other text, long enough for the kernel
// to step to an aligned vector.
func TestUTF8UnmaskAlignments(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, filler := range []string{"a", "视", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé"} {
			for _, n := range []int{36, 64, 125, 257, 511, 512, 513, 700, 1000} {
				plain := append(textOf(filler, n)[:n:n], fill(64)...)
				for off := range 64 {
					got := slices.Concat(fill(off), plain)
					key := frame.MaskGeneric(got[off:][:n], testKey)
					var u frame.UTF8
					next, ok := u.Unmask(got[off:][:n], testKey)
					if want := slices.Concat(fill(off), plain); !ok || next != key || !bytes.Equal(got, want) {
						t.Fatalf("Unmask of %d at offset %d = %#x, %v; want %#x\n got % x\nwant % x", n, off, next, ok, key, got, want)
					}
				}
			}
		}
	})
}
