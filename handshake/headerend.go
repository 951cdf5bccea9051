package handshake

import (
	"bytes"
	"fmt"
)

// HeaderEnd looks for the end of a header block. b is everything received so far and from is len(b)
// of the call before (0 on the first), so that each byte is scanned once, however the block is cut.
//
// It returns n, the bytes of the block with its empty line; what follows in b belongs to the
// connection. n is 0 while the end is still to come. A block that is, or can only become, longer
// than max bytes gives ErrHeaderTooLarge, one of exactly max bytes does not; a negative max means
// no limit. A line that ends in a bare LF, which would never end the block, and a first byte that
// can begin no HTTP message (a TLS record, say) give ErrSyntax at once instead of a timeout later.
// The block's content is left to Parse.
func HeaderEnd(b []byte, from, max int) (n int, err error) {
	if len(b) > 0 && from == 0 && !isTokenByte(b[0]) {
		return 0, fmt.Errorf("%w: first byte begins no HTTP message", ErrSyntax)
	}
	window := b
	if max >= 0 && len(window) > max {
		window = window[:max]
	}
	for i := from; i < len(window); i++ {
		lf := bytes.IndexByte(window[i:], '\n')
		if lf < 0 {
			break
		}
		i += lf
		if i == 0 || window[i-1] != '\r' {
			return 0, fmt.Errorf("%w: line ends in a bare LF", ErrSyntax)
		}
		if i >= 3 && window[i-2] == '\n' {
			return i + 1, nil
		}
	}
	if max >= 0 && len(b) >= max {
		return 0, ErrHeaderTooLarge
	}
	return 0, nil
}
