//go:build !purego

package frame

import "golang.org/x/sys/cpu"

// detect returns the best kernel of this processor that the system lets us use.
func detect() kernel {
	return best(cpu.X86.HasAVX2, cpu.X86.HasAVX512F, cpu.X86.HasAVX512VBMI2)
}

// best returns the best kernel of a processor with those instructions.
//
// AVX-512 counts from the processors on that also know VBMI2 (Ice Lake, Zen 4): those before them
// lower their clock for all that runs on the core once it touches a 64-byte register.
func best(avx2, avx512f, vbmi2 bool) kernel {
	switch {
	case avx2 && avx512f && vbmi2:
		return kernelAVX512
	case avx2:
		return kernelAVX2
	}
	return kernelNone
}
