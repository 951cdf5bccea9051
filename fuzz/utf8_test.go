package fuzz_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// FuzzUTF8: however text is cut, masked or not, a UTF8 fails at the first byte
// after which no ending makes the text valid, and at no other.
func FuzzUTF8(f *testing.F) {
	f.Fuzz(func(t *testing.T, p, cuts []byte, key uint32) {
		if len(p) > maxInput {
			return
		}
		good := firstImpossible(p)
		rest, _ := undecided(p[:good])
		if !completable(rest) || good < len(p) && completable(append(bytes.Clone(rest), p[good])) {
			t.Fatalf("% x: the first impossible byte is not at %d", p, good)
		}
		for _, how := range [][]byte{nil, {0}, cuts} {
			checkText(t, p, how, key, good)
		}
	})
}

// firstImpossible returns how many bytes of p may begin text.
func firstImpossible(p []byte) int {
	var rest []byte // the beginning of a character
	for i, b := range p {
		var ok bool
		if rest, ok = undecided(append(rest, b)); !ok {
			return i
		}
	}
	return len(p)
}

// completable tries endings on the beginning of a character: with the borders of
// every range of continuation bytes in RFC 3629 §4 no others can make a
// difference.
func completable(p []byte) bool {
	if utf8.Valid(p) {
		return true
	}
	if len(p) >= utf8.UTFMax {
		return false
	}
	for _, b := range []byte{0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF} {
		if completable(append(bytes.Clone(p), b)) {
			return true
		}
	}
	return false
}

// checkText feeds p in pieces, as it is and masked; good is how many bytes may
// begin text.
func checkText(t *testing.T, p, cuts []byte, key uint32, good int) {
	t.Helper()
	var plain, masked frame.UTF8
	next, seen := key, 0
	for b := range pieces(p, cuts) {
		scrambled := xor(b, key, seen)
		seen += len(b)
		want := seen <= good
		if got := plain.Feed(b); got != want {
			t.Fatalf("% x: Feed after %d bytes is %v; %d may begin text", p, seen, got, good)
		}
		var ok bool
		if next, ok = masked.Unmask(scrambled, next); ok != want {
			t.Fatalf("% x: Unmask after %d bytes is %v; %d may begin text", p, seen, ok, good)
		}
		if want && !bytes.Equal(scrambled, b) {
			t.Fatalf("% x is unmasked to % x", b, scrambled)
		}
		if whole := utf8.Valid(p[:seen]); plain.Complete() != whole || masked.Complete() != whole {
			t.Fatalf("% x: Complete is %v and %v, want %v", p[:seen], plain.Complete(), masked.Complete(), whole)
		}
		if !want {
			checkFailed(t, &plain)
			return
		}
	}
}

// checkFailed: what has failed stays so until Reset.
func checkFailed(t *testing.T, u *frame.UTF8) {
	t.Helper()
	if u.Feed([]byte("a")) || u.Feed(nil) || u.Complete() {
		t.Fatal("text is taken after an impossible byte")
	}
	u.Reset()
	if !u.Feed([]byte("é")) || !u.Complete() {
		t.Fatal("text is not taken after Reset")
	}
}
