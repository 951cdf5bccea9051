package frame

import (
	"encoding/binary"
	"unicode/utf8"
)

// MaxReason is the longest close reason, in bytes: what MaxControl leaves beside the code
// (RFC 6455 §5.5.1).
const MaxReason = MaxControl - codeSize

// codeSize is the size of a close code on the wire, in bytes, most significant first.
const codeSize = 2

// AppendClosePayload appends the payload of a Close frame to dst and returns the extended slice
// (RFC 6455 §5.5.1): the code, then the reason. CodeNoStatus with an empty reason appends nothing. A
// reason over MaxReason bytes is cut between two characters. A code that may not be sent gives
// ErrCode, a reason that isn't UTF-8 throughout ErrReason, and dst comes back unchanged.
func AppendClosePayload(dst []byte, c Code, reason string) ([]byte, error) {
	if c == CodeNoStatus && reason == "" {
		return dst, nil
	}
	if !c.Sendable() {
		return dst, ErrCode
	}
	if !utf8.ValidString(reason) {
		return dst, ErrReason
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(c))
	return append(dst, CutReason(reason)...), nil
}

// CutReason returns what AppendClosePayload sends of a reason s, which is UTF-8: its longest front
// that has at most MaxReason bytes and ends where a character ends.
func CutReason(s string) string {
	if len(s) <= MaxReason {
		return s
	}
	n := MaxReason
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ParseClosePayload reads the unmasked payload of a Close frame (RFC 6455 §5.5.1). An empty one
// gives CodeNoStatus and no reason. One byte, more than MaxControl bytes, or a code that may not be
// sent give a *CloseError with CodeProtocolError; a reason that isn't UTF-8 gives one with
// CodeInvalidPayload. With an error, c is 0 and reason empty. It keeps no reference to p; the
// reason, if there is one, is its only allocation.
func ParseClosePayload(p []byte) (c Code, reason string, err error) {
	if len(p) == 0 {
		return CodeNoStatus, "", nil
	}
	if len(p) < codeSize || len(p) > MaxControl {
		return 0, "", errCloseSize
	}
	c = Code(binary.BigEndian.Uint16(p))
	if !c.Sendable() {
		return 0, "", errCloseCode // RFC 6455 §7.4
	}
	if !utf8.Valid(p[codeSize:]) {
		return 0, "", errCloseReason // RFC 6455 §8.1
	}
	return c, string(p[codeSize:]), nil
}
