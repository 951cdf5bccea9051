package frame

// UTF8 checks that bytes coming in pieces are UTF-8 (RFC 6455 §8.1, RFC 3629 §4). It fails at the
// first byte that cannot belong to valid UTF-8, whatever would follow: ED A0 fails at A0, without
// waiting for the third byte of that surrogate. The zero value is ready. It never allocates, and
// keeps no reference to what it is fed.
type UTF8 struct {
	// Inside a character need counts the bytes it still lacks, and the next of them must lie in
	// lo to hi. Between characters need is 0 and the two say nothing.
	need, lo, hi uint8
	failed       bool
}

// Feed takes the next bytes and reports whether all so far may begin valid UTF-8. It returns false
// as soon as p holds an impossible byte, and then on every call until Reset.
func (u *UTF8) Feed(p []byte) bool {
	if u.failed {
		return false
	}
	i := 0
	for u.need > 0 && i < len(p) {
		if !u.step(p[i]) {
			return false
		}
		i++
	}
	i += validFront(p[i:])
	for ; i < len(p); i++ {
		if !u.step(p[i]) {
			return false
		}
	}
	return true
}

// Complete reports whether what was fed is valid UTF-8 as it stands: nothing failed, and no
// character is cut in half.
func (u *UTF8) Complete() bool { return u.need == 0 && !u.failed }

// Reset makes u ready for other text.
func (u *UTF8) Reset() { *u = UTF8{} }

// step takes one byte, at any place of a character.
func (u *UTF8) step(b byte) bool {
	if u.need > 0 {
		if b < u.lo || b > u.hi {
			u.failed = true
			return false
		}
		u.need, u.lo, u.hi = u.need-1, 0x80, 0xBF
		return true
	}
	u.lo, u.hi = 0x80, 0xBF
	switch {
	case b < 0x80:
	case b < 0xC2: // a continuation byte, C0 and C1, which only begin overlong forms
		u.failed = true
	case b < 0xE0:
		u.need = 1
	case b < 0xF0:
		u.need = 2
		u.narrow(b)
	case b < 0xF5:
		u.need = 3
		u.narrow(b)
	default:
		u.failed = true
	}
	return !u.failed
}

// narrow sets the range of the byte after the first byte b where it is not 80 to BF (RFC 3629 §4).
func (u *UTF8) narrow(b byte) {
	switch b {
	case 0xE0:
		u.lo = 0xA0 // below it: overlong
	case 0xED:
		u.hi = 0x9F // above it: surrogates
	case 0xF0:
		u.lo = 0x90 // below it: overlong
	case 0xF4:
		u.hi = 0x8F // above it: past U+10FFFF
	}
}
