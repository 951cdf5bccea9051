//go:build !purego

#include "textflag.h"

// As on amd64, a front and a back that overlap as the length wants it: no byte is handled alone, and
// all that overlaps is loaded before anything is stored.

// func maskNEON(dst, src *byte, n int, key uint32)
//
// R0, R1  dst, src; in the loop, where it has come to
// R2      n; in the loop, how much is left before the back
// R3      key
// R4, R5  where the back begins in dst, src
// V16     the key from the start
// V17     the key for the back
// V0-V3   the front, and what the loop takes
// V4-V7   the back
TEXT ·maskNEON(SB), NOSPLIT, $0-28
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  n+16(FP), R2
	MOVWU key+24(FP), R3
	VDUP  R3, V16.S4
	LSL   $3, R2, R6
	RORW  R6, R3, R3    // by n modulo 4 bytes: as far as any multiple of 4 from the end
	VDUP  R3, V17.S4
	CMP   $64, R2
	BHI   over64
	CMP   $32, R2
	BHI   over32
	SUB   $16, R2, R6
	ADD   R0, R6, R4
	ADD   R1, R6, R5
	VLD1  (R1), [V0.B16]
	VLD1  (R5), [V4.B16]
	VEOR  V16.B16, V0.B16, V0.B16
	VEOR  V17.B16, V4.B16, V4.B16
	VST1  [V0.B16], (R0)
	VST1  [V4.B16], (R4)
	RET

over32:
	SUB  $32, R2, R6
	ADD  R0, R6, R4
	ADD  R1, R6, R5
	VLD1 (R1), [V0.B16, V1.B16]
	VLD1 (R5), [V4.B16, V5.B16]
	VEOR V16.B16, V0.B16, V0.B16
	VEOR V16.B16, V1.B16, V1.B16
	VEOR V17.B16, V4.B16, V4.B16
	VEOR V17.B16, V5.B16, V5.B16
	VST1 [V0.B16, V1.B16], (R0)
	VST1 [V4.B16, V5.B16], (R4)
	RET

over64:
	SUB  $64, R2
	ADD  R0, R2, R4
	ADD  R1, R2, R5
	VLD1 (R5), [V4.B16, V5.B16, V6.B16, V7.B16]
	VEOR V17.B16, V4.B16, V4.B16
	VEOR V17.B16, V5.B16, V5.B16
	VEOR V17.B16, V6.B16, V6.B16
	VEOR V17.B16, V7.B16, V7.B16

loop:
	VLD1.P 64(R1), [V0.B16, V1.B16, V2.B16, V3.B16]
	VEOR   V16.B16, V0.B16, V0.B16
	VEOR   V16.B16, V1.B16, V1.B16
	VEOR   V16.B16, V2.B16, V2.B16
	VEOR   V16.B16, V3.B16, V3.B16
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUBS   $64, R2
	BGT    loop
	VST1   [V4.B16, V5.B16, V6.B16, V7.B16], (R4)
	RET
