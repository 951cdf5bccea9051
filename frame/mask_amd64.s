//go:build !purego

#include "textflag.h"

// Both kernels take a front and a back of the input that overlap as its length wants it, so no byte
// is ever handled alone, and none outside the slices is touched. In place that holds because all
// that overlaps is loaded before anything is stored.
//
// Past the lengths that fit into registers, a loop runs between front and back, over vectors that
// are aligned in dst: a store across two cache lines costs two.

// TAILKEY, with n in BX and the key in AX, leaves in AX the key for a byte as far from the end as a multiple of 4:
// rotated by n&3 bytes. It uses CX.
#define TAILKEY \
	MOVQ BX, CX \
	SHLL $3, CX \
	RORL CX, AX

// func maskAVX2(dst, src *byte, n int, key uint32)
//
// DI, SI  dst, src; in the loop, where it has come to
// BX      n
// AX      key, rotated as needed
// R8, R9  dst+n, src+n
// Y0, Y1  the key from the start, and for the back; X0 and X1 below 33 bytes
// Y2-Y5   the back
// Y6      the front, while the loop runs
TEXT ·maskAVX2(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), BX
	MOVL         key+24(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	TAILKEY
	VMOVD        AX, X1
	VPBROADCASTD X1, Y1
	LEAQ         (DI)(BX*1), R8
	LEAQ         (SI)(BX*1), R9
	CMPQ         BX, $32
	JA           over32
	VPXOR        (SI), X0, X2
	VPXOR        -16(R9), X1, X3
	VMOVDQU      X2, (DI)
	VMOVDQU      X3, -16(R8)
	VZEROUPPER
	RET

over32:
	CMPQ         BX, $64
	JA           over64
	VPXOR        (SI), Y0, Y2
	VPXOR        -32(R9), Y1, Y3
	VMOVDQU      Y2, (DI)
	VMOVDQU      Y3, -32(R8)
	VZEROUPPER
	RET

over64:
	CMPQ    BX, $128
	JA      over128
	VPXOR   (SI), Y0, Y2
	VPXOR   32(SI), Y0, Y3
	VPXOR   -64(R9), Y1, Y4
	VPXOR   -32(R9), Y1, Y5
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	VMOVDQU Y4, -64(R8)
	VMOVDQU Y5, -32(R8)
	VZEROUPPER
	RET

over128:
	VPXOR   -128(R9), Y1, Y2
	VPXOR   -96(R9), Y1, Y3
	VPXOR   -64(R9), Y1, Y4
	VPXOR   -32(R9), Y1, Y5
	CMPQ    BX, $256
	JA      over256
	VPXOR   (SI), Y0, Y6
	VPXOR   32(SI), Y0, Y7
	VPXOR   64(SI), Y0, Y8
	VPXOR   96(SI), Y0, Y9
	VMOVDQU Y6, (DI)
	VMOVDQU Y7, 32(DI)
	VMOVDQU Y8, 64(DI)
	VMOVDQU Y9, 96(DI)
	JMP     back

over256:
	// Step to the first aligned vector past dst: 1 to 32 bytes.
	VPXOR        (SI), Y0, Y6
	MOVQ         DI, R10
	MOVQ         DI, DX
	ANDQ         $31, DX
	SUBQ         $32, DX             // minus the step
	SUBQ         DX, DI
	SUBQ         DX, SI
	MOVL         key+24(FP), AX
	NEGQ         DX
	MOVQ         DX, CX
	SHLL         $3, CX
	RORL         CX, AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	LEAQ         -128(R8), R11       // where the last round must have begun

loop:
	VPXOR   (SI), Y0, Y7
	VPXOR   32(SI), Y0, Y8
	VPXOR   64(SI), Y0, Y9
	VPXOR   96(SI), Y0, Y10
	VMOVDQA Y7, (DI)
	VMOVDQA Y8, 32(DI)
	VMOVDQA Y9, 64(DI)
	VMOVDQA Y10, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	CMPQ    DI, R11
	JBE     loop
	VMOVDQU Y6, (R10)

back:
	VMOVDQU Y2, -128(R8)
	VMOVDQU Y3, -96(R8)
	VMOVDQU Y4, -64(R8)
	VMOVDQU Y5, -32(R8)
	VZEROUPPER
	RET

// func maskAVX512(dst, src *byte, n int, key uint32)
//
// As above, with
// Z16, Z17  the key from the start, and for the back
// Z18-Z21   the back
// Z22       the front, while the loop runs
//
// Registers past 15 have no lower half that older instructions know, so no VZEROUPPER is due.
TEXT ·maskAVX512(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), BX
	MOVL         key+24(FP), AX
	VPBROADCASTD AX, Z16
	TAILKEY
	VPBROADCASTD AX, Z17
	LEAQ         (DI)(BX*1), R8
	LEAQ         (SI)(BX*1), R9
	CMPQ         BX, $128
	JA           over128
	VPXORD       (SI), Z16, Z18
	VPXORD       -64(R9), Z17, Z19
	VMOVDQU64    Z18, (DI)
	VMOVDQU64    Z19, -64(R8)
	RET

over128:
	CMPQ      BX, $256
	JA        over256
	VPXORD    (SI), Z16, Z18
	VPXORD    64(SI), Z16, Z19
	VPXORD    -128(R9), Z17, Z20
	VPXORD    -64(R9), Z17, Z21
	VMOVDQU64 Z18, (DI)
	VMOVDQU64 Z19, 64(DI)
	VMOVDQU64 Z20, -128(R8)
	VMOVDQU64 Z21, -64(R8)
	RET

over256:
	VPXORD    -256(R9), Z17, Z18
	VPXORD    -192(R9), Z17, Z19
	VPXORD    -128(R9), Z17, Z20
	VPXORD    -64(R9), Z17, Z21
	CMPQ      BX, $512
	JA        over512
	VPXORD    (SI), Z16, Z22
	VPXORD    64(SI), Z16, Z23
	VPXORD    128(SI), Z16, Z24
	VPXORD    192(SI), Z16, Z25
	VMOVDQU64 Z22, (DI)
	VMOVDQU64 Z23, 64(DI)
	VMOVDQU64 Z24, 128(DI)
	VMOVDQU64 Z25, 192(DI)
	JMP       back

over512:
	// Step to the first aligned vector past dst: 1 to 64 bytes.
	VPXORD       (SI), Z16, Z22
	MOVQ         DI, R10
	MOVQ         DI, DX
	ANDQ         $63, DX
	SUBQ         $64, DX             // minus the step
	SUBQ         DX, DI
	SUBQ         DX, SI
	MOVL         key+24(FP), AX
	NEGQ         DX
	MOVQ         DX, CX
	SHLL         $3, CX
	RORL         CX, AX
	VPBROADCASTD AX, Z16
	LEAQ         -256(R8), R11       // where the last round must have begun

loop:
	VPXORD    (SI), Z16, Z23
	VPXORD    64(SI), Z16, Z24
	VPXORD    128(SI), Z16, Z25
	VPXORD    192(SI), Z16, Z26
	VMOVDQA64 Z23, (DI)
	VMOVDQA64 Z24, 64(DI)
	VMOVDQA64 Z25, 128(DI)
	VMOVDQA64 Z26, 192(DI)
	ADDQ      $256, SI
	ADDQ      $256, DI
	CMPQ      DI, R11
	JBE       loop
	VMOVDQU64 Z22, (R10)

back:
	VMOVDQU64 Z18, -256(R8)
	VMOVDQU64 Z19, -192(R8)
	VMOVDQU64 Z20, -128(R8)
	VMOVDQU64 Z21, -64(R8)
	RET
