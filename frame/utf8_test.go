package frame_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// possible reports by the standard library whether p may begin valid UTF-8, and whether it is valid
// as it stands.
func possible(p []byte) (ok, complete bool) {
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(p), false // a rune that isn't full is cut; a bad one counts as full
		}
		p = p[n:]
	}
	return true, true
}

// borders are the bytes at and around each border of RFC 3629 §4's ranges.
var borders = []byte{0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
	0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFF}

// everySequence calls f with each sequence of one to four bytes out of borders, and each of two
// bytes whatever. What has failed goes on with the bytes of after alone. f may not keep the slice.
func everySequence(after []byte, f func(p []byte)) {
	var p [4]byte
	var grow func(n int)
	grow = func(n int) {
		if n > 0 {
			f(p[:n])
		}
		if n == len(p) {
			return
		}
		next := borders
		if ok, _ := possible(p[:n]); !ok {
			next = after
		}
		for _, b := range next {
			p[n] = b
			grow(n + 1)
		}
	}
	grow(0)
	for i := range 1 << 16 {
		f(append(p[:0], byte(i>>8), byte(i)))
	}
}

// Byte by byte, Feed turns false at the very byte at which the standard library gives up hope.
func TestUTF8FailsAtFirstBadByte(t *testing.T) {
	everySequence(borders, func(p []byte) {
		var u frame.UTF8
		for i := range p {
			ok := u.Feed(p[i : i+1])
			want, complete := possible(p[:i+1])
			if ok != want || u.Complete() != complete {
				t.Fatalf("% x after %d bytes: Feed %v, Complete %v; want %v, %v",
					p, i+1, ok, u.Complete(), want, complete)
			}
		}
	})
}

// The same in the midst of text, where whole words are taken: any place in a word, any text before
// and after. Behind a fault stand three kinds of byte, with GODWIT_LONG=1 all of borders.
func TestUTF8InText(t *testing.T) {
	type place struct{ ascii, fillers int } // what stands in front
	places := []place{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {1, 32}, {1, 31}}
	fillers := []string{"a", "ü", "视", "🐦"}
	if raceEnabled || testing.Short() { // one goroutine: the rest would only be slow
		places, fillers = places[len(places)-1:], fillers[2:3]
	}
	after := []byte{0x41, 0x80, 0xC3}
	if long() {
		after = borders
	}
	for _, filler := range fillers {
		text := bytes.Repeat([]byte(filler), 40)
		for _, at := range places {
			front := append(bytes.Repeat([]byte("a"), at.ascii), text[:at.fillers*len(filler)]...)
			buf := make([]byte, 0, 512)
			everySequence(after, func(p []byte) {
				buf = append(append(append(buf[:0], front...), p...), text[:12*len(filler)]...)
				wantFeed(t, buf)
				wantFeed(t, buf[:len(front)+len(p)])
			})
		}
	}
}

// wantFeed holds Feed of all of p against the standard library.
func wantFeed(t *testing.T, p []byte) {
	t.Helper()
	var u frame.UTF8
	ok := u.Feed(p)
	want, complete := possible(p)
	if ok != want || u.Complete() != complete {
		t.Fatalf("Feed(% x) = %v, Complete %v; want %v, %v", p, ok, u.Complete(), want, complete)
	}
}

// Every code point, cut at every place.
func TestUTF8EveryRuneEverySplit(t *testing.T) {
	buf, step := make([]byte, 0, utf8.UTFMax), rune(1)
	if raceEnabled || testing.Short() {
		step = 17
	}
	for r := rune(0); r <= utf8.MaxRune; r += step {
		if !utf8.ValidRune(r) {
			continue
		}
		p := utf8.AppendRune(buf, r)
		for i := range len(p) + 1 {
			var u frame.UTF8
			if !u.Feed(p[:i]) || u.Complete() != (i == 0 || i == len(p)) || !u.Feed(p[i:]) || !u.Complete() {
				t.Fatalf("U+%04X cut after %d bytes is refused", r, i)
			}
		}
	}
}

func TestUTF8Known(t *testing.T) {
	for _, tt := range []struct {
		name     string
		in       string
		ok       bool
		complete bool
	}{
		{"empty", "", true, true},
		{"greek", "κόσμε", true, true},
		{"nul", "\x00", true, true},
		{"last-code-point", "\U0010FFFF", true, true},
		{"noncharacter", "\uFFFF", true, true},
		{"replacement-character", "\uFFFD", true, true},
		{"cut-two", "\xc3", true, false},
		{"cut-three", "\xe2\x82", true, false},
		{"cut-four", "\xf0\x9f\x90", true, false},
		{"lone-continuation", "\x80", false, false},
		{"overlong-slash", "\xc0\xaf", false, false},
		{"overlong-three-at-second-byte", "\xe0\x80", false, false},
		{"overlong-four-at-second-byte", "\xf0\x8f", false, false},
		{"surrogate-at-second-byte", "\xed\xa0", false, false},
		{"past-the-last-at-second-byte", "\xf4\x90", false, false},
		{"five-byte-form", "\xf8", false, false},
		{"byte-ff", "\xff", false, false},
		{"ascii-inside-character", "\xe2\x82a", false, false},
		{"lead-inside-character", "\xe2\xe2", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var u frame.UTF8
			if ok := u.Feed([]byte(tt.in)); ok != tt.ok || u.Complete() != tt.complete {
				t.Errorf("Feed(%q) = %v, Complete %v; want %v, %v", tt.in, ok, u.Complete(), tt.ok, tt.complete)
			}
		})
	}
}

func TestUTF8Sticky(t *testing.T) {
	var u frame.UTF8
	u.Feed([]byte("\xff"))
	if u.Feed([]byte("fine")) || u.Feed(nil) || u.Complete() {
		t.Error("a failure was forgotten")
	}
	if _, ok := u.Unmask([]byte("fine"), 0); ok {
		t.Error("Unmask forgot a failure")
	}
	u.Reset()
	if !u.Feed([]byte("fine")) || !u.Complete() {
		t.Error("Reset did not make it new")
	}
}

// A character begun by an earlier text must not live on in the next.
func TestUTF8ResetInsideCharacter(t *testing.T) {
	var u frame.UTF8
	u.Feed([]byte("\xed"))
	u.Reset()
	if !u.Complete() || u.Feed([]byte("\x80")) {
		t.Error("Reset kept half a character")
	}
}

// The fast way through ASCII must not step over a character that an earlier piece left open.
func TestUTF8UnmaskASCIIAfterHalfCharacter(t *testing.T) {
	for _, half := range []string{"\xc3", "\xe2\x82", "\xf0\x9f\x90"} {
		var u frame.UTF8
		u.Feed([]byte(half))
		if _, ok := u.Unmask(bytes.Repeat([]byte("a"), 64), 0); ok || u.Complete() {
			t.Errorf("ASCII after % x is accepted", half)
		}
	}
}

// randomText returns mostly valid text of about n bytes, sometimes with a bad byte in it.
func randomText(rng *rand.Rand, n int) []byte {
	var p []byte
	for len(p) < n {
		s := []byte(texts[rng.IntN(len(texts))].text)
		p = append(p, s...)
		if rng.IntN(3) == 0 {
			p = append(p, s[:rng.IntN(len(s))]...) // perhaps cut inside a character
		}
	}
	if rng.IntN(2) == 0 {
		return bytes.ToValidUTF8(p, nil)
	}
	p[rng.IntN(len(p))] = byte(rng.IntN(256))
	return p
}

// Unmask is Mask, then Feed, whatever the cuts.
func TestUTF8UnmaskRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	eachKernel(t, func(t *testing.T) {
		for range 2000 {
			p := randomText(rng, 1+rng.IntN(3000))
			wantFeed(t, p)
			wantValidFront(t, p)
			checkUnmask(t, p, rng.Uint32(), rng.IntN(3000), rng.IntN(3000))
		}
	})
}

// checkUnmask feeds plain, masked, in up to three pieces.
func checkUnmask(t *testing.T, plain []byte, key uint32, cut1, cut2 int) {
	t.Helper()
	wantUnmaskFront(t, plain, key)
	cuts := []int{0, cut1 % (len(plain) + 1), cut2 % (len(plain) + 1), len(plain)}
	slices.Sort(cuts)
	masked := bytes.Clone(plain)
	end := frame.MaskGeneric(masked, key)
	var u frame.UTF8
	next := key
	for i := range 3 {
		var ok bool
		next, ok = u.Unmask(masked[cuts[i]:cuts[i+1]], next)
		if want, _ := possible(plain[:cuts[i+1]]); ok != want {
			t.Fatalf("Unmask of % x, cut at %v: %v at piece %d, want %v", plain, cuts, ok, i, want)
		}
		if !ok {
			return
		}
	}
	if next != end || !bytes.Equal(masked, plain) || u.Complete() != utf8.Valid(plain) {
		t.Fatalf("Unmask of % x, cut at %v: next %#x, want %#x; got % x", plain, cuts, next, end, masked)
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("κόσμε"), uint32(testKey), 3, 5)
	f.Add([]byte("plain text of more than thirty-two bytes, then \xed\xa0"), uint32(1), 0, 40)
	f.Add([]byte("🐦🐦🐦视视视üüüüü\xf4\x90"), uint32(7), 1, 13)
	f.Fuzz(func(t *testing.T, p []byte, key uint32, cut1, cut2 int) {
		eachKernel(t, func(t *testing.T) {
			wantFeed(t, p)
			wantValidFront(t, p)
			checkUnmask(t, p, key, max(cut1, 0), max(cut2, 0))
		})
	})
}

func ExampleUTF8() {
	var u frame.UTF8
	fmt.Println(u.Feed([]byte("caf\xc3")), u.Complete()) // half of é
	fmt.Println(u.Feed([]byte("\xa9")), u.Complete())
	fmt.Println(u.Feed([]byte("\xed\xa0")), u.Complete()) // no third byte could make this right
	// Output:
	// true false
	// true true
	// false false
}

// Among characters of its length, a bad one is found wherever it stands (RFC 3629 §4): words take
// several of one length at once.
func TestUTF8BadAmongItsLike(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for good, bad := range map[string][]string{
			"\xc3\xa9":         {"\xc0\x80", "\xc0\xbf", "\xc1\x80", "\xc1\xbf"},
			"\xe2\x82\xac":     {"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf"},
			"\xf0\x9f\x90\xa6": {"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf"},
		} {
			for _, bad := range bad {
				for before := range 10 {
					for after := range 10 {
						p := []byte(strings.Repeat(good, before) + bad + strings.Repeat(good, after))
						var u frame.UTF8
						if u.Feed(p) {
							t.Fatalf("Feed(% x) finds nothing wrong", p)
						}
					}
				}
			}
		}
	})
}

// Behind a good character all is looked at from its first bit on: three bytes of every kind there is.
func TestUTF8BehindAnother(t *testing.T) {
	kinds := []byte("\x00\x31\x40\x5f\x60\x70\x71\x7f\x80\x81\x8f\x90\x9f\xa0\xaf\xb1\xbf\xc0\xc1\xc2\xc3\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xf8\xff")
	eachKernel(t, func(t *testing.T) {
		for _, good := range []string{"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa6"} {
			p := append([]byte(good), "???aaaaaaaa"...)
			for _, p[len(good)] = range kinds {
				for _, p[len(good)+1] = range kinds {
					for _, p[len(good)+2] = range kinds {
						var u frame.UTF8
						if want, _ := possible(p); u.Feed(p) != want {
							t.Fatalf("Feed(% x) = %t, want %t", p, !want, want)
						}
					}
				}
			}
		}
	})
}
