//go:build (!amd64 && !arm64) || purego

package frame

// maskBytes sets dst to src XOR key, the two being of equal length.
func maskBytes(dst, src []byte, key uint32) { maskWords(dst, src, key) }
