//go:build (!amd64 && !arm64) || purego

package frame

// detect returns the only kernel of this build.
func detect() kernel { return kernelNone }
