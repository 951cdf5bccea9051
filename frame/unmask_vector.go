//go:build (amd64 || arm64) && !purego

package frame

// unmaskFront unmasks the first n bytes of p, which begins at a character's border. Of those the
// first checked, all or up to 3 fewer, are whole, valid characters.
func unmaskFront(p []byte, key uint32) (n, checked int) {
	if running == kernelNone || len(p) < minVector {
		n = unmaskASCII(p, key)
		return n, n
	}
	n = unmaskVector(&p[0], len(p), key)
	return n, n - cut(p[:n])
}

// unmaskVector unmasks the front of the n bytes at p that validVector would find, and returns its
// length (RFC 6455 §5.3). It leaves the rest as it is. n is at least minVector.
//
//go:noescape
func unmaskVector(p *byte, n int, key uint32) int
