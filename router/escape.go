package router

import (
	"strings"
	"unicode/utf8"
)

// decodedSlash separates the segments of a decoded path, in which '/' is a slash that came escaped.
// As a byte that UTF-8 never has, it can't stand in a segment.
const decodedSlash = 0xFF

// decode gives path with its escapes replaced (RFC 3986 §2.1), and the byte that separates its
// segments: '/' if there was nothing to replace, which costs nothing, or else decodedSlash. A bad
// escape, or a result that isn't UTF-8, is ErrBadPath.
func decode(path string) (text string, separator byte, err error) {
	if strings.IndexByte(path, '%') < 0 {
		if !utf8.ValidString(path) {
			return "", 0, ErrBadPath
		}
		return path, '/', nil
	}
	text, ok := unescape(path)
	if !ok {
		return "", 0, ErrBadPath
	}
	for segment := range strings.SplitSeq(text, string([]byte{decodedSlash})) {
		if !utf8.ValidString(segment) {
			return "", 0, ErrBadPath
		}
	}
	return text, decodedSlash, nil
}

// unescape replaces escapes by their bytes and slashes by decodedSlash. It refuses a bad escape, and
// whatever would be taken for a separator.
func unescape(path string) (text string, ok bool) {
	var b strings.Builder
	b.Grow(len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '/' {
			b.WriteByte(decodedSlash)
			continue
		}
		if c == '%' {
			if c, ok = escaped(path[i:]); !ok {
				return "", false
			}
			i += 2
		}
		if c == decodedSlash {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// escaped reads the escape, '%' and two hexadecimal digits, at the front of s.
func escaped(s string) (c byte, ok bool) {
	if len(s) < len("%00") || s[0] != '%' {
		return 0, false
	}
	high, ok1 := unhex(s[1])
	low, ok2 := unhex(s[2])
	return high<<4 | low, ok1 && ok2
}
