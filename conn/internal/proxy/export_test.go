package proxy

import (
	"io"
	"net/netip"
)

// ReadReply is readReply for tests.
func ReadReply(r io.Reader) (status int, rest []byte, err error) { return readReply(r) }

// ParseReply parses b after each of its prefixes that ends at a multiple of step, as if it came in
// pieces of that size. It returns what the parser said last, and how many bytes it then had.
func ParseReply(b []byte, step int) (status, header, given int, done bool, err error) {
	var h replyHeader
	for given < len(b) {
		given = min(given+step, len(b))
		if done, err = h.parse(b[:given]); done || err != nil {
			break
		}
	}
	return h.status, h.line, given, done, err
}

// Searched is how many bytes the parser looks at for ends of lines when b, an unfinished reply, comes in
// pieces of step.
func Searched(b []byte, step int) int {
	var h replyHeader
	sum := 0
	for given := step; given <= len(b); given += step {
		sum += given - h.seen
		h.parse(b[:given])
	}
	return sum
}

// Choose is choose for tests.
func Choose(ips []netip.Addr) netip.Addr { return choose(ips) }
