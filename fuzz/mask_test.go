package fuzz_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// FuzzMask: at any alignment, in pieces or whole, Mask and MaskCopy do what a loop
// over bytes does, and touch nothing on either side.
func FuzzMask(f *testing.F) {
	f.Fuzz(func(t *testing.T, p, cuts []byte, key uint32, offset uint8) {
		want := xor(p, key, 0)
		rotated := key
		for range len(p) % 4 {
			rotated = rotated>>8 | rotated<<24
		}
		left, right := slices.Repeat([]byte{0xA5}, int(offset%64)), slices.Repeat([]byte{0x5A}, 64)
		guarded := slices.Concat(left, want, right)

		got := slices.Concat(left, p, right)
		if next := frame.Mask(got[len(left):][:len(p)], key); next != rotated || !bytes.Equal(got, guarded) {
			t.Fatalf("Mask(% x, %#x) at %d = %#x\n got % x\nwant % x", p, key, len(left), next, got, guarded)
		}

		got = slices.Concat(left, p, right)
		next := key
		for b := range pieces(got[len(left):][:len(p)], cuts) {
			next = frame.Mask(b, next)
		}
		if next != rotated || !bytes.Equal(got, guarded) {
			t.Fatalf("Mask(% x, %#x) in pieces = %#x\n got % x\nwant % x", p, key, next, got, guarded)
		}

		got = slices.Concat(left, bytes.Repeat([]byte{0x77}, len(p)), right)
		source := bytes.Clone(p)
		next = frame.MaskCopy(got[len(left):], source, key)
		if next != rotated || !bytes.Equal(got, guarded) || !bytes.Equal(source, p) {
			t.Fatalf("MaskCopy(% x, %#x) = %#x\n got % x\nwant % x", p, key, next, got, guarded)
		}
	})
}
