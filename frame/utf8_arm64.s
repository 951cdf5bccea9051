//go:build !purego

#include "textflag.h"

// The method of Keiser and Lemire, as utf8_amd64.s explains it, on vectors of 16 bytes.

// By the high half of a byte.
DATA utf8Tables<>+0x00(SB)/8, $0x0202020202020202
DATA utf8Tables<>+0x08(SB)/8, $0x4915012180808080
// By its low half.
DATA utf8Tables<>+0x10(SB)/8, $0xcbcbcb8b8383a3e7
DATA utf8Tables<>+0x18(SB)/8, $0xcbcbdbcbcbcbcbcb
// By the high half of the next byte.
DATA utf8Tables<>+0x20(SB)/8, $0x0101010101010101
DATA utf8Tables<>+0x28(SB)/8, $0x01010101babaaee6
// The low half of a byte.
DATA utf8Tables<>+0x30(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA utf8Tables<>+0x38(SB)/8, $0x0f0f0f0f0f0f0f0f
// What to subtract so that the top bit is left only of E0 and above.
DATA utf8Tables<>+0x40(SB)/8, $0x6060606060606060
DATA utf8Tables<>+0x48(SB)/8, $0x6060606060606060
// And of F0 and above.
DATA utf8Tables<>+0x50(SB)/8, $0x7070707070707070
DATA utf8Tables<>+0x58(SB)/8, $0x7070707070707070
// The top bit.
DATA utf8Tables<>+0x60(SB)/8, $0x8080808080808080
DATA utf8Tables<>+0x68(SB)/8, $0x8080808080808080
GLOBL utf8Tables<>(SB), RODATA|NOPTR, $0x70

// TABLES loads them into the registers where CHECK looks for them, V20 to V26. R12 is lost.
#define TABLES \
	MOVD   $utf8Tables<>(SB), R12                            \
	VLD1.P 64(R12), [V20.B16, V21.B16, V22.B16, V23.B16] \
	VLD1   (R12), [V24.B16, V25.B16, V26.B16]

// CHECK sets bits in V7 if there is a fault among the 16 bytes of cur, before which those of prev
// came; only the last three of them matter. A character that is cut by the end of cur is no fault.
// V8 to V10 are lost: V8 and V10 are the bytes one, two and three places back, V9 the faults.
#define CHECK(cur, prev) \
	VEXT  $15, cur.B16, prev.B16, V8.B16   \
	VUSHR $4, V8.B16, V9.B16               \
	VTBL  V9.B16, [V20.B16], V9.B16        \
	VAND  V23.B16, V8.B16, V8.B16          \
	VTBL  V8.B16, [V21.B16], V8.B16        \
	VAND  V8.B16, V9.B16, V9.B16           \
	VUSHR $4, cur.B16, V8.B16              \
	VTBL  V8.B16, [V22.B16], V8.B16        \
	VAND  V8.B16, V9.B16, V9.B16           \
	VEXT  $14, cur.B16, prev.B16, V8.B16   \
	VUMAX V24.B16, V8.B16, V8.B16          \
	VSUB  V24.B16, V8.B16, V8.B16          \
	VEXT  $13, cur.B16, prev.B16, V10.B16  \
	VUMAX V25.B16, V10.B16, V10.B16        \
	VSUB  V25.B16, V10.B16, V10.B16        \
	VORR  V8.B16, V10.B16, V10.B16         \
	VAND  V26.B16, V10.B16, V10.B16        \
	VEOR  V9.B16, V10.B16, V10.B16         \
	VORR  V10.B16, V7.B16, V7.B16

// FOLD leaves in R6 the bits that are set in either half of v. R7 is lost.
#define FOLD(v) \
	VMOV v.D[0], R6 \
	VMOV v.D[1], R7 \
	ORR  R7, R6

// MERGE leaves in V4 what is set in any of V0 to V3. V5 is lost.
#define MERGE \
	VORR V0.B16, V1.B16, V4.B16 \
	VORR V2.B16, V3.B16, V5.B16 \
	VORR V5.B16, V4.B16, V4.B16

#define highBits $0x8080808080808080

// func validVector(p *byte, n int) int
//
// R0      how far p is checked
// R3      R0 as it will be if this step finds no fault
// R4, R5  the end of p, its begin
// V0-V3   the step's bytes
// V7      its faults
// V11     the 16 bytes before, as far as they matter
TEXT ·validVector(SB), NOSPLIT, $0-24
	MOVD p+0(FP), R0
	MOVD n+8(FP), R4
	MOVD R0, R5
	ADD  R0, R4

ascii64:
	ADD  $64, R0, R3
	CMP  R4, R3
	BHI  ascii16
	VLD1 (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	MERGE
	FOLD(V4)
	TST  highBits, R6
	BNE  afterASCII
	MOVD R3, R0
	B    ascii64

ascii16:
	ADD  $16, R0, R3
	CMP  R4, R3
	BHI  asciiTail
	VLD1 (R0), [V0.B16]
	FOLD(V0)
	TST  highBits, R6
	BNE  afterASCII
	MOVD R3, R0
	B    ascii16

asciiTail:
	// Less than 16 bytes are left: the 16 that end p, of which those before R0 are ASCII.
	SUB  $16, R4, R8
	VLD1 (R8), [V0.B16]
	FOLD(V0)
	TST  highBits, R6
	BEQ  valid
	TABLES
	B    tail

afterASCII:
	TABLES
	VEOR V11.B16, V11.B16, V11.B16

text64:
	ADD  $64, R0, R3
	CMP  R4, R3
	BHI  text16
	VLD1 (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VEOR V7.B16, V7.B16, V7.B16
	CHECK(V0, V11)
	CHECK(V1, V0)
	CHECK(V2, V1)
	CHECK(V3, V2)
	FOLD(V7)
	CBNZ R6, done
	MOVD R3, R0
	VMOV V3.B16, V11.B16
	MERGE
	FOLD(V4)
	TST  highBits, R6
	BNE  text64
	B    ascii64

text16:
	ADD  $16, R0, R3
	CMP  R4, R3
	BHI  tail
	VLD1 (R0), [V0.B16]
	VEOR V7.B16, V7.B16, V7.B16
	CHECK(V0, V11)
	FOLD(V7)
	CBNZ R6, done
	MOVD R3, R0
	VMOV V0.B16, V11.B16
	B    text16

tail:
	// The 16 bytes that end p, after the four before them.
	SUB   $20, R4, R8
	MOVWU (R8), R9
	VDUP  R9, V11.S4
	SUB   $16, R4, R8
	VLD1  (R8), [V0.B16]
	VEOR  V7.B16, V7.B16, V7.B16
	CHECK(V0, V11)
	FOLD(V7)
	CBNZ  R6, done

valid:
	MOVD R4, R0

done:
	SUB  R5, R0
	MOVD R0, ret+16(FP)
	RET

// func unmaskVector(p *byte, n int, key uint32) int
//
// As above, with
// R10  not 0 if there is a fault in the 16 bytes that end p
// V16  the key
// V27  those 16 bytes
//
// Those 16 overlap what the steps before them store, so they are unmasked and checked before the
// first step, and stored after the last one.
TEXT ·unmaskVector(SB), NOSPLIT, $0-32
	MOVD  p+0(FP), R0
	MOVD  n+8(FP), R4
	MOVWU key+16(FP), R8
	MOVD  R0, R5
	VDUP  R8, V16.S4
	LSL   $3, R4, R6
	RORW  R6, R8, R8     // the key n places on
	ADD   R0, R4
	VDUP  R8, V27.S4
	SUB   $20, R4, R9
	MOVWU (R9), R9
	EORW  R8, R9
	VDUP  R9, V11.S4     // the four bytes before those 16
	SUB   $16, R4, R8
	VLD1  (R8), [V0.B16]
	VEOR  V0.B16, V27.B16, V27.B16
	VEOR  V7.B16, V7.B16, V7.B16
	TABLES
	CHECK(V27, V11)
	FOLD(V7)
	MOVD  R6, R10

ascii64:
	ADD  $64, R0, R3
	CMP  R4, R3
	BHI  ascii16
	VLD1 (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VEOR V16.B16, V0.B16, V0.B16
	VEOR V16.B16, V1.B16, V1.B16
	VEOR V16.B16, V2.B16, V2.B16
	VEOR V16.B16, V3.B16, V3.B16
	MERGE
	FOLD(V4)
	TST  highBits, R6
	BNE  afterASCII
	VST1 [V0.B16, V1.B16, V2.B16, V3.B16], (R0)
	MOVD R3, R0
	B    ascii64

ascii16:
	ADD  $16, R0, R3
	CMP  R4, R3
	BHI  tail
	VLD1 (R0), [V0.B16]
	VEOR V16.B16, V0.B16, V0.B16
	FOLD(V0)
	TST  highBits, R6
	BNE  afterASCII
	VST1 [V0.B16], (R0)
	MOVD R3, R0
	B    ascii16

afterASCII:
	VEOR V11.B16, V11.B16, V11.B16

text64:
	ADD  $64, R0, R3
	CMP  R4, R3
	BHI  text16
	VLD1 (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VEOR V16.B16, V0.B16, V0.B16
	VEOR V16.B16, V1.B16, V1.B16
	VEOR V16.B16, V2.B16, V2.B16
	VEOR V16.B16, V3.B16, V3.B16
	VEOR V7.B16, V7.B16, V7.B16
	CHECK(V0, V11)
	CHECK(V1, V0)
	CHECK(V2, V1)
	CHECK(V3, V2)
	FOLD(V7)
	CBNZ R6, done
	VST1 [V0.B16, V1.B16, V2.B16, V3.B16], (R0)
	MOVD R3, R0
	VMOV V3.B16, V11.B16
	MERGE
	FOLD(V4)
	TST  highBits, R6
	BNE  text64
	B    ascii64

text16:
	ADD  $16, R0, R3
	CMP  R4, R3
	BHI  tail
	VLD1 (R0), [V0.B16]
	VEOR V16.B16, V0.B16, V0.B16
	VEOR V7.B16, V7.B16, V7.B16
	CHECK(V0, V11)
	FOLD(V7)
	CBNZ R6, done
	VST1 [V0.B16], (R0)
	MOVD R3, R0
	VMOV V0.B16, V11.B16
	B    text16

tail:
	CBNZ R10, done
	SUB  $16, R4, R8
	VST1 [V27.B16], (R8)
	MOVD R4, R0

done:
	SUB  R5, R0
	MOVD R0, ret+24(FP)
	RET
