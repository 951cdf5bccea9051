//go:build !purego

#include "textflag.h"

// The lookup method of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte"
// (2020). Three tables of 16, indexed by the high and the low half of a byte and by the high half of
// the next one, each give a set of faults that its half byte leaves possible; a fault in all three
// sets is there. A set's bits:
//
//	01  a first byte, then no continuation
//	02  ASCII, then a continuation
//	04  E0, then 80 to 9F: overlong
//	08  F4, then 90 to BF, or F5 and above, then 90 to BF: past U+10FFFF
//	10  ED, then A0 to BF: a surrogate
//	20  C0 or C1, then a continuation: overlong
//	40  F0, then 80 to 8F: overlong; or F5 and above, then 80 to 8F: past U+10FFFF
//	80  two continuations: a fault unless the two bytes before say that a third or fourth is due
//
// The tables are followed by the constants that CHECK needs.

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

// TABLES loads them into the registers where CHECK looks for them, Y9 to Y15.
#define TABLES \
	VBROADCASTI128 utf8Tables<>+0x00(SB), Y14 \
	VBROADCASTI128 utf8Tables<>+0x10(SB), Y13 \
	VBROADCASTI128 utf8Tables<>+0x20(SB), Y12 \
	VBROADCASTI128 utf8Tables<>+0x30(SB), Y15 \
	VBROADCASTI128 utf8Tables<>+0x40(SB), Y11 \
	VBROADCASTI128 utf8Tables<>+0x50(SB), Y10 \
	VBROADCASTI128 utf8Tables<>+0x60(SB), Y9

// CHECK sets bits in Y7 if there is a fault among the 32 bytes of cur, before which those of prev
// came; only the last three of them matter. A character that is cut by the end of cur is no fault.
// Y2 to Y5 are lost: Y2 is prev's upper half and cur's lower one, Y3 and Y5 the bytes one, two and
// three places back, Y4 the faults.
#define CHECK(cur, prev) \
	VPERM2I128 $0x21, cur, prev, Y2 \
	VPALIGNR   $15, Y2, cur, Y3     \
	VPSRLW     $4, Y3, Y4           \
	VPAND      Y15, Y4, Y4          \
	VPAND      Y15, Y3, Y3          \
	VPSHUFB    Y4, Y14, Y4          \
	VPSHUFB    Y3, Y13, Y3          \
	VPAND      Y3, Y4, Y4           \
	VPSRLW     $4, cur, Y3          \
	VPAND      Y15, Y3, Y3          \
	VPSHUFB    Y3, Y12, Y3          \
	VPAND      Y3, Y4, Y4           \
	VPALIGNR   $14, Y2, cur, Y3     \
	VPSUBUSB   Y11, Y3, Y3          \
	VPALIGNR   $13, Y2, cur, Y5     \
	VPSUBUSB   Y10, Y5, Y5          \
	VPOR       Y3, Y5, Y5           \
	VPAND      Y9, Y5, Y5           \
	VPXOR      Y4, Y5, Y5           \
	VPOR       Y5, Y7, Y7

// func validVector(p *byte, n int) int
//
// SI, BX  p, n
// AX      how far p is checked
// DX      AX as it will be if this step finds no fault
// Y0, Y1  the step's bytes
// Y7      its faults
// Y8      the 32 bytes before, as far as they matter
TEXT ·validVector(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), BX
	XORL AX, AX

ascii128:
	LEAQ      128(AX), DX
	CMPQ      DX, BX
	JA        ascii64
	VMOVDQU   (SI)(AX*1), Y0
	VMOVDQU   64(SI)(AX*1), Y1
	VPOR      32(SI)(AX*1), Y0, Y0
	VPOR      96(SI)(AX*1), Y1, Y1
	VPOR      Y1, Y0, Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       afterASCII
	MOVQ      DX, AX
	JMP       ascii128

ascii64:
	LEAQ      64(AX), DX
	CMPQ      DX, BX
	JA        ascii32
	VMOVDQU   (SI)(AX*1), Y0
	VPOR      32(SI)(AX*1), Y0, Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       afterASCII
	MOVQ      DX, AX

ascii32:
	LEAQ      32(AX), DX
	CMPQ      DX, BX
	JA        asciiTail
	VMOVDQU   (SI)(AX*1), Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       afterASCII
	MOVQ      DX, AX

asciiTail:
	// Less than 32 bytes are left: the 32 that end p, of which those before AX are ASCII.
	VMOVDQU   -32(SI)(BX*1), Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JZ        valid
	TABLES
	JMP       tail

afterASCII:
	TABLES
	VPXOR Y8, Y8, Y8

text64:
	LEAQ      64(AX), DX
	CMPQ      DX, BX
	JA        text32
	VMOVDQU   (SI)(AX*1), Y0
	VMOVDQU   32(SI)(AX*1), Y1
	VPXOR     Y7, Y7, Y7
	CHECK(Y0, Y8)
	CHECK(Y1, Y0)
	VPTEST    Y7, Y7
	JNZ       done
	MOVQ      DX, AX
	VMOVDQA   Y1, Y8
	VPOR      Y1, Y0, Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       text64
	JMP       ascii128

text32:
	LEAQ    32(AX), DX
	CMPQ    DX, BX
	JA      tail
	VMOVDQU (SI)(AX*1), Y0
	VPXOR   Y7, Y7, Y7
	CHECK(Y0, Y8)
	VPTEST  Y7, Y7
	JNZ     done
	MOVQ    DX, AX

tail:
	// The 32 bytes that end p, after the four before them.
	VPBROADCASTD -36(SI)(BX*1), Y8
	VMOVDQU      -32(SI)(BX*1), Y0
	VPXOR        Y7, Y7, Y7
	CHECK(Y0, Y8)
	VPTEST       Y7, Y7
	JNZ          done

valid:
	MOVQ BX, AX

done:
	MOVQ AX, ret+16(FP)
	VZEROUPPER
	RET

// func unmaskVector(p *byte, n int, key uint32) int
//
// As above, with
// Y6  the key, as it meets the bytes from AX on
// R10 not 0 if there is a fault in the 32 bytes that end p
//
// Those 32 overlap what the steps before them store, so they are unmasked and checked before the
// first step, and stored after the last one.
TEXT ·unmaskVector(SB), NOSPLIT, $32-32
	MOVQ         p+0(FP), SI
	MOVQ         n+8(FP), BX
	MOVL         key+16(FP), AX
	VMOVD        AX, X6
	VPBROADCASTD X6, Y6
	MOVQ         BX, CX
	SHLL         $3, CX
	RORL         CX, AX              // the key n places on
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	VPXOR        -32(SI)(BX*1), Y0, Y0
	VMOVDQU      Y0, last-32(SP)
	XORL         -36(SI)(BX*1), AX   // the four bytes before
	VMOVD        AX, X8
	XORL         R10, R10
	VPMOVMSKB    Y0, CX
	ANDL         $0x80808080, AX
	ORL          AX, CX
	MOVL         $0, AX
	JZ           ascii
	TABLES
	VPBROADCASTD X8, Y8
	VPXOR        Y7, Y7, Y7
	CHECK(Y0, Y8)
	VPTEST       Y7, Y7
	SETNE        R10
	VPXOR        Y8, Y8, Y8
	JMP          text64              // text that ends so is not likely to begin with much ASCII

ascii:
	// If the first 160 bytes of a long text are ASCII, step to the first aligned vector past p, 1 to
	// 32 bytes, and go on from there: a store across two cache lines costs two.
	CMPQ         BX, $512
	JB           ascii128
	MOVQ         SI, R9
	ANDQ         $31, R9
	SUBQ         $32, R9
	NEGQ         R9
	MOVL         key+16(FP), R8
	MOVQ         R9, CX
	SHLL         $3, CX
	RORL         CX, R8
	VMOVD        R8, X5
	VPBROADCASTD X5, Y5
	VPXOR        (SI), Y6, Y4
	VPXOR        (SI)(R9*1), Y5, Y0
	VPXOR        32(SI)(R9*1), Y5, Y1
	VPXOR        64(SI)(R9*1), Y5, Y2
	VPXOR        96(SI)(R9*1), Y5, Y3
	VPOR         Y1, Y0, Y7
	VPOR         Y3, Y2, Y8
	VPOR         Y4, Y7, Y7
	VPOR         Y8, Y7, Y7
	VPMOVMSKB    Y7, CX
	TESTL        CX, CX
	JNZ          ascii128
	VMOVDQU      Y4, (SI)
	VMOVDQU      Y0, (SI)(R9*1)
	VMOVDQU      Y1, 32(SI)(R9*1)
	VMOVDQU      Y2, 64(SI)(R9*1)
	VMOVDQU      Y3, 96(SI)(R9*1)
	VMOVDQA      Y5, Y6
	LEAQ         128(R9), AX

ascii128:
	LEAQ      128(AX), DX
	CMPQ      DX, BX
	JA        ascii64
	VPXOR     (SI)(AX*1), Y6, Y0
	VPXOR     32(SI)(AX*1), Y6, Y1
	VPXOR     64(SI)(AX*1), Y6, Y2
	VPXOR     96(SI)(AX*1), Y6, Y3
	VPOR      Y1, Y0, Y4
	VPOR      Y3, Y2, Y5
	VPOR      Y5, Y4, Y4
	VPMOVMSKB Y4, CX
	TESTL     CX, CX
	JNZ       afterASCII
	VMOVDQU   Y0, (SI)(AX*1)
	VMOVDQU   Y1, 32(SI)(AX*1)
	VMOVDQU   Y2, 64(SI)(AX*1)
	VMOVDQU   Y3, 96(SI)(AX*1)
	MOVQ      DX, AX
	JMP       ascii128

ascii64:
	LEAQ      64(AX), DX
	CMPQ      DX, BX
	JA        ascii32
	VPXOR     (SI)(AX*1), Y6, Y0
	VPXOR     32(SI)(AX*1), Y6, Y1
	VPOR      Y1, Y0, Y4
	VPMOVMSKB Y4, CX
	TESTL     CX, CX
	JNZ       afterASCII
	VMOVDQU   Y0, (SI)(AX*1)
	VMOVDQU   Y1, 32(SI)(AX*1)
	MOVQ      DX, AX

ascii32:
	LEAQ      32(AX), DX
	CMPQ      DX, BX
	JA        tail
	VPXOR     (SI)(AX*1), Y6, Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       afterASCII
	VMOVDQU   Y0, (SI)(AX*1)
	MOVQ      DX, AX
	JMP       tail

afterASCII:
	TABLES
	VPXOR Y8, Y8, Y8

text64:
	LEAQ      64(AX), DX
	CMPQ      DX, BX
	JA        text32
	VPXOR     (SI)(AX*1), Y6, Y0
	VPXOR     32(SI)(AX*1), Y6, Y1
	VPXOR     Y7, Y7, Y7
	CHECK(Y0, Y8)
	CHECK(Y1, Y0)
	VPTEST    Y7, Y7
	JNZ       done
	VMOVDQU   Y0, (SI)(AX*1)
	VMOVDQU   Y1, 32(SI)(AX*1)
	MOVQ      DX, AX
	VMOVDQA   Y1, Y8
	VPOR      Y1, Y0, Y0
	VPMOVMSKB Y0, CX
	TESTL     CX, CX
	JNZ       text64
	JMP       ascii128

text32:
	LEAQ    32(AX), DX
	CMPQ    DX, BX
	JA      tail
	VPXOR   (SI)(AX*1), Y6, Y0
	VPXOR   Y7, Y7, Y7
	CHECK(Y0, Y8)
	VPTEST  Y7, Y7
	JNZ     done
	VMOVDQU Y0, (SI)(AX*1)
	MOVQ    DX, AX

tail:
	TESTL   R10, R10
	JNZ     done
	VMOVDQU last-32(SP), Y0
	VMOVDQU Y0, -32(SI)(BX*1)
	MOVQ    BX, AX

done:
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET
