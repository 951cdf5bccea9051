package frame

import "runtime"

// MaskGeneric is the reference that the tests hold Mask against.
var MaskGeneric = maskGeneric

// kernelNames are the names of kernels in tests and benchmarks.
var kernelNames = map[kernel]string{kernelNone: "go", kernelNEON: "neon", kernelAVX2: "avx2", kernelAVX512: "avx512"}

// Kernels returns the names of the kernels that this build has for this machine, the least first.
func Kernels() (names []string) {
	family := map[string][]kernel{"amd64": {kernelAVX2, kernelAVX512}, "arm64": {kernelNEON}}[runtime.GOARCH]
	names = append(names, kernelNames[kernelNone])
	for _, k := range family {
		if k <= detect() {
			names = append(names, kernelNames[k])
		}
	}
	return names
}

// Running returns the name of the kernel in use.
func Running() string { return kernelNames[running] }

// Force puts the kernel of that name in use, one of Kernels.
func Force(name string) {
	for k, n := range kernelNames {
		if n == name {
			running = k
		}
	}
}

// The two places where the kernels for text are called: they find how far all is well, and it is
// UTF8 that judges what comes then.
var (
	ValidFront  = validFront
	UnmaskFront = unmaskFront
)
