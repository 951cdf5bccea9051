//go:build (!amd64 && !arm64) || purego

package frame

// validFront returns the length of a front of p that is whole, valid characters, as validPrefix.
func validFront(p []byte) int { return validPrefix(p) }
