//go:build !purego

package frame

import "golang.org/x/sys/cpu"

// detect returns the best kernel of this processor that the system lets us use.
func detect() kernel {
	if cpu.ARM64.HasASIMD {
		return kernelNEON
	}
	return kernelNone
}
