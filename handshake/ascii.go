package handshake

// Sets of bytes below 0x80, as constant bit sets: bit c stands for byte c.
const (
	digitSet = (1<<10 - 1) << '0'
	alphaSet = (1<<26-1)<<'A' | (1<<26-1)<<'a'
	// RFC 9110 §5.6.2
	tokenSet = digitSet | alphaSet | 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' |
		1<<'+' | 1<<'-' | 1<<'.' | 1<<'^' | 1<<'_' | 1<<'`' | 1<<'|' | 1<<'~'
	// RFC 3986 §3.2.2, reg-name; '%' must begin a pct-encoded byte
	hostSet = digitSet | alphaSet | 1<<'-' | 1<<'.' | 1<<'_' | 1<<'~' | 1<<'%' | 1<<'!' | 1<<'$' | 1<<'&' |
		1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' | 1<<';' | 1<<'='
)

// in tests membership without a branch: a shift by 64 or more gives 0, so exactly one half counts.
func in(c byte, lo, hi uint64) bool {
	return (lo&(1<<c) | hi&(1<<(c-64))) != 0
}

func isTokenByte(c byte) bool { return in(c, tokenSet&(1<<64-1), tokenSet>>64) }
func isHostByte(c byte) bool  { return in(c, hostSet&(1<<64-1), hostSet>>64) }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isOWS(c byte) bool       { return c == ' ' || c == '\t' }

// isValueByte is true for what may stand in a field value (RFC 9110 §5.5): HTAB, SP, VCHAR and
// bytes from 0x80.
func isValueByte(c byte) bool { return c >= ' ' && c != 0x7F || c == '\t' }

// isTargetByte is true for what may stand in a request target: VCHAR and bytes from 0x80, but no
// '#', since a fragment is never sent (RFC 6455 §3).
func isTargetByte(c byte) bool { return c > ' ' && c != 0x7F && c != '#' }

// all reports whether every byte of s satisfies ok; the empty string does.
func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// isToken reports whether s is a token (RFC 9110 §5.6.2).
func isToken(s string) bool { return s != "" && all(s, isTokenByte) }

// lower maps A-Z to a-z and nothing else.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// equalFold compares without regard to the case of ASCII letters. strings.EqualFold won't do: it
// folds the Kelvin sign to k and the long s to s.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// trimOWS takes spaces and tabs off both ends (RFC 9110 §5.6.3).
func trimOWS(s string) string {
	for s != "" && isOWS(s[0]) {
		s = s[1:]
	}
	for s != "" && isOWS(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
