//go:build !purego

package frame

// Best returns the name of the kernel for a processor with those instructions.
func Best(avx2, avx512f, vbmi2 bool) string { return kernelNames[best(avx2, avx512f, vbmi2)] }
