package router

import "encoding/hex"

// UUID is the value of a uuid parameter, in the order in which it is written (RFC 9562 §4). Other
// packages' UUIDs that are [16]byte convert to and from it.
type UUID [16]byte

// uuidLen is the length of a UUID as text: 32 digits and 4 hyphens.
const uuidLen = 36

// String returns the UUID in lower case: 8-4-4-4-12 digits.
func (u UUID) String() string { return string(u.append(nil)) }

// MarshalText returns what String does.
func (u UUID) MarshalText() ([]byte, error) { return u.append(nil), nil }

// append appends the UUID's text.
func (u UUID) append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, u[:4])
	for _, group := range [4][]byte{u[4:6], u[6:8], u[8:10], u[10:]} {
		dst = append(dst, '-')
		dst = hex.AppendEncode(dst, group)
	}
	return dst
}

// parseUUID reads 8-4-4-4-12 hexadecimal digits of either case.
func parseUUID(text string) (u UUID, ok bool) {
	if len(text) != uuidLen {
		return UUID{}, false
	}
	n := 0
	for i := 0; i < uuidLen; i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return UUID{}, false
			}
			continue
		}
		digit, ok := unhex(text[i])
		if !ok {
			return UUID{}, false
		}
		u[n/2] = u[n/2]<<4 | digit
		n++
	}
	return u, true
}

// unhex gives the value of a hexadecimal digit.
func unhex(c byte) (value byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
