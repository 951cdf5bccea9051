package fuzz_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// FuzzFrameHeader: ParseHeader takes what a reading by hand takes, refuses what it
// refuses, and AppendHeader writes what was read.
func FuzzFrameHeader(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		want, size, v := wireHeader(b)
		got, n, err := frame.ParseHeader(b)
		if got != want || n != size {
			t.Fatalf("ParseHeader(% x) = %+v, %d, %v; by hand %+v, %d", b, got, n, err, want, size)
		}
		switch v {
		case short:
			if !errors.Is(err, frame.ErrShort) {
				t.Fatalf("ParseHeader(% x): error %v, want ErrShort", b, err)
			}
		case broken:
			wantFault(t, err, frame.CodeProtocolError)
			checkBrokenEarlier(t, b)
		case whole:
			if err != nil {
				t.Fatalf("ParseHeader(% x): %v", b, err)
			}
			checkWrittenBack(t, b[:n], got)
		}
	})
}

// checkBrokenEarlier cuts a header that breaks the protocol: before the end of its
// length nothing is said of it, from there on always the same.
func checkBrokenEarlier(t *testing.T, b []byte) {
	t.Helper()
	end := map[byte]int{126: 4, 127: 10}[b[1]%128]
	for at := range len(b) {
		_, n, err := frame.ParseHeader(b[:at])
		if n != 0 || errors.Is(err, frame.ErrShort) != (at < end) {
			t.Fatalf("ParseHeader(% x) = %d, %v; its length ends at %d", b[:at], n, err, end)
		}
	}
}

// checkWrittenBack writes h, read from all of b, and cuts it short.
func checkWrittenBack(t *testing.T, b []byte, h frame.Header) {
	t.Helper()
	const before = "before"
	if out := frame.AppendHeader([]byte(before), h); !bytes.Equal(out, append([]byte(before), b...)) {
		t.Fatalf("% x is written back as % x", b, out[len(before):])
	}
	if h.Size() != len(b) || len(b) > frame.MaxHeader {
		t.Fatalf("% x: Size %d", b, h.Size())
	}
	for at := range len(b) {
		if got, n, err := frame.ParseHeader(b[:at]); n != 0 || got != (frame.Header{}) || !errors.Is(err, frame.ErrShort) {
			t.Fatalf("ParseHeader(% x) = %+v, %d, %v; want ErrShort", b[:at], got, n, err)
		}
	}
}
