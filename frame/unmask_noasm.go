//go:build (!amd64 && !arm64) || purego

package frame

// unmaskFront unmasks the first n bytes of p, which begins at a character's border. They are whole,
// valid characters, and so checked is n.
func unmaskFront(p []byte, key uint32) (n, checked int) {
	n = unmaskASCII(p, key)
	return n, n
}
