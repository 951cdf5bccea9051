package fuzz_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/frame"
)

// verdict is what a reading by hand says of bytes.
type verdict uint8

const (
	whole  verdict = iota // it is there, and right
	short                 // its end is missing
	broken                // it breaks the protocol
)

// wireHeader reads a frame header the plain way (RFC 6455 §5.2): first how long it
// is by its own account, then its numbers, then what is wrong with them. A length
// is judged as soon as it is there, whether the key is or not.
func wireHeader(b []byte) (h frame.Header, n int, v verdict) {
	if len(b) < 2 {
		return h, 0, short
	}
	lengthBytes := map[byte]int{126: 2, 127: 8}[b[1]%128]
	keyBytes := int(b[1]/128) * 4
	if len(b) < 2+lengthBytes {
		return h, 0, short
	}
	length := uint64(b[1] % 128)
	least := uint64(0)
	switch lengthBytes {
	case 2:
		length, least = bigEndian(b[2:4]), 126
	case 8:
		length, least = bigEndian(b[2:10]), 65536
	}
	if length < least || length >= 1<<63 {
		return h, 0, broken
	}
	n = 2 + lengthBytes + keyBytes
	if len(b) < n {
		return h, 0, short
	}
	h = frame.Header{
		Fin: b[0]/128 == 1, Rsv1: b[0]/64%2 == 1, Rsv2: b[0]/32%2 == 1, Rsv3: b[0]/16%2 == 1,
		Opcode: frame.Opcode(b[0] % 16), Masked: keyBytes > 0, Length: int64(length),
	}
	for i := range keyBytes {
		h.Key |= uint32(b[2+lengthBytes+i]) << (8 * i)
	}
	return h, n, whole
}

func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v*256 + uint64(c)
	}
	return v
}

// xor returns p with each byte changed by its byte of the key, p[0] by byte at
// modulo 4 of it (RFC 6455 §5.3).
func xor(p []byte, key uint32, at int) []byte {
	out := bytes.Clone(p)
	for i := range out {
		out[i] ^= byte(key >> (8 * ((at + i) % 4)))
	}
	return out
}

// undecided returns what at the end of s may still become a character. ok is false
// if s holds a byte that no ending can make part of UTF-8.
func undecided(s []byte) (rest []byte, ok bool) {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			return s, !utf8.FullRune(s)
		}
		s = s[n:]
	}
	return nil, true
}

// sendable lists the codes of RFC 6455 §7.4.1 and of the registry that may stand
// in a Close frame.
func sendable(code int) bool {
	switch code {
	case 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014:
		return true
	}
	return 3000 <= code && code <= 4999
}

// wireClose reads the payload of a Close frame by hand (RFC 6455 §5.5.1). fault is
// the code to fail with, or 0.
func wireClose(p []byte) (code frame.Code, reason string, fault frame.Code) {
	switch {
	case len(p) == 0:
		return frame.CodeNoStatus, "", 0
	case len(p) == 1 || len(p) > 125 || !sendable(int(bigEndian(p[:2]))):
		return 0, "", frame.CodeProtocolError
	case !utf8.Valid(p[2:]):
		return 0, "", frame.CodeInvalidPayload
	}
	return frame.Code(bigEndian(p[:2])), string(p[2:]), 0
}

// wantFault holds err to be a *frame.CloseError with a code, as a fault that is
// ours to report.
func wantFault(t *testing.T, err error, code frame.Code) {
	t.Helper()
	e, ok := errors.AsType[*frame.CloseError](err)
	if !ok || e.Code != code {
		t.Fatalf("error %v, want a CloseError with %v", err, code)
	}
	if !code.Sendable() || e.Remote || len(e.Reason) > frame.MaxReason || !utf8.ValidString(e.Reason) {
		t.Fatalf("%#v can't be sent", e)
	}
}
