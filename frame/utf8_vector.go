//go:build (amd64 || arm64) && !purego

package frame

// validFront returns the length of a front of p that is whole, valid characters, p beginning at a
// character's border. Where more than 67 bytes are left, one of those 67 is bad.
func validFront(p []byte) int {
	if running == kernelNone || len(p) < minVector {
		return validPrefix(p)
	}
	n := validVector(&p[0], len(p))
	return n - cut(p[:n])
}

// cut returns how many bytes the character has so far that p ends inside of, 0 if it ends inside of
// none. p is the front of a text that validVector returned.
func cut(p []byte) int {
	n := len(p)
	switch {
	case n == 0:
		return 0
	case p[n-1] >= 0xC0:
		return 1
	case p[n-2] >= 0xE0:
		return 2
	case p[n-3] >= 0xF0:
		return 3
	}
	return 0
}

// validVector checks the n bytes at p, which begin at a character's border (RFC 3629 §4). It returns
// n if all of them may begin valid UTF-8, else the length of a front of which that is true: the
// first impossible byte is one of the 64 after it. A last byte that can't begin a character counts
// as possible. n is at least minVector.
//
//go:noescape
func validVector(p *byte, n int) int
