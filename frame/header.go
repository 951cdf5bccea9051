package frame

import (
	"encoding/binary"
	"math"
)

// A frame header on the wire (RFC 6455 §5.2), 2 to MaxHeader bytes:
//
//	byte 0    FIN 0x80 | RSV1 0x40 | RSV2 0x20 | RSV3 0x10 | opcode 0x0F
//	byte 1    MASK 0x80 | length 0x7F
//	          0 to 125: the length itself
//	          126: two bytes of length follow, 126 to 65535
//	          127: eight bytes of length follow, 65536 to 2^63-1
//	then      four bytes of masking key, if MASK is set
const (
	finBit  = 0x80
	rsv1Bit = 0x40
	rsv2Bit = 0x20
	rsv3Bit = 0x10
	opBits  = 0x0F

	maskBit = 0x80
	lenBits = 0x7F
	len16   = 126
	len64   = 127
)

// Sizes fixed by RFC 6455 §5.2 and §5.5.
const (
	// MaxHeader is the size in bytes of the longest header.
	MaxHeader = 14
	// MaxControl is the longest payload of a control frame, in bytes.
	MaxControl = 125
)

// minHeader is the size in bytes of the shortest header, which every header begins with.
const minHeader = 2

// Header is what stands before a frame's payload (RFC 6455 §5.2).
type Header struct {
	Fin    bool // the message's last fragment
	Rsv1   bool // reserved bits: their meaning, if any, is an extension's
	Rsv2   bool
	Rsv3   bool
	Masked bool   // the payload is masked with Key
	Opcode Opcode // at most 0xF
	Key    uint32 // masking key, its first byte on the wire in the low byte; 0 if not Masked
	Length int64  // payload bytes, 0 to 2^63-1
}

// ParseHeader reads the header at the front of b (RFC 6455 §5.2). It returns the header and n, the
// bytes it takes: 2 to MaxHeader. If b ends inside the header, n is 0 and err is ErrShort. A length
// with its top bit set, or not in its shortest form, gives n 0 and a *CloseError with
// CodeProtocolError, as soon as the length is there whole. Roles, reserved bits, opcodes and limits
// are not looked at. It keeps no reference to b and does not allocate.
func ParseHeader(b []byte) (h Header, n int, err error) {
	n, err = h.Parse(b)
	return h, n, err
}

// Parse is ParseHeader into h, which an error leaves as the zero Header. A Header is too large for
// registers: where messages are short and many, not to copy it is a twentieth of the work.
func (h *Header) Parse(b []byte) (n int, err error) {
	*h = Header{}
	if len(b) < minHeader {
		return 0, ErrShort
	}
	b0, b1 := b[0], b[1]
	length, n, err := parseLength(b, b1&lenBits)
	if err != nil {
		return 0, err
	}
	if b1&maskBit != 0 {
		if len(b) < n+4 {
			return 0, ErrShort
		}
		h.Masked = true
		h.Key = binary.LittleEndian.Uint32(b[n:])
		n += 4
	}
	h.Fin = b0&finBit != 0
	h.Rsv1 = b0&rsv1Bit != 0
	h.Rsv2 = b0&rsv2Bit != 0
	h.Rsv3 = b0&rsv3Bit != 0
	h.Opcode = Opcode(b0 & opBits)
	h.Length = length
	return n, nil
}

// parseLength reads the payload length of the header at the front of b, whose seven bits of length
// are short. It returns the length and the bytes up to its end; b holds at least minHeader bytes.
func parseLength(b []byte, short byte) (length int64, n int, err error) {
	switch short {
	case len16:
		if len(b) < 4 {
			return 0, 0, ErrShort
		}
		v := binary.BigEndian.Uint16(b[2:])
		if v < len16 {
			return 0, 0, errLength16 // RFC 6455 §5.2: the least number of bytes
		}
		return int64(v), 4, nil
	case len64:
		if len(b) < 10 {
			return 0, 0, ErrShort
		}
		v := binary.BigEndian.Uint64(b[2:])
		if v > math.MaxInt64 {
			return 0, 0, errLengthTopBit // RFC 6455 §5.2: the top bit is 0
		}
		if v <= math.MaxUint16 {
			return 0, 0, errLength64 // RFC 6455 §5.2: the least number of bytes
		}
		return int64(v), 10, nil
	}
	return int64(short), 2, nil
}

// AppendHeader appends the bytes of h to dst and returns the extended slice, with the length in its
// shortest form (RFC 6455 §5.2). Key is written only if h is Masked. A negative Length or an Opcode
// over 0xF is the caller's bug and panics; nothing else about h is checked.
func AppendHeader(dst []byte, h Header) []byte {
	if h.Length < 0 {
		panic("frame: AppendHeader: negative length")
	}
	if h.Opcode > maxOpcode {
		panic("frame: AppendHeader: opcode over 0xF")
	}
	b0, mask := h.firstByte(), byte(0)
	if h.Masked {
		mask = maskBit
	}
	switch {
	case h.Length < len16:
		dst = append(dst, b0, mask|byte(h.Length))
	case h.Length <= math.MaxUint16:
		dst = append(dst, b0, mask|len16, byte(h.Length>>8), byte(h.Length))
	default:
		dst = append(dst, b0, mask|len64)
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Length))
	}
	if h.Masked {
		dst = binary.LittleEndian.AppendUint32(dst, h.Key)
	}
	return dst
}

// firstByte returns the flags and opcode as they stand in a header's first byte.
func (h *Header) firstByte() byte {
	b := byte(h.Opcode)
	if h.Fin {
		b |= finBit
	}
	if h.Rsv1 {
		b |= rsv1Bit
	}
	if h.Rsv2 {
		b |= rsv2Bit
	}
	if h.Rsv3 {
		b |= rsv3Bit
	}
	return b
}

// Size returns how many bytes AppendHeader would append for h: 2 to MaxHeader.
func (h Header) Size() int {
	n := minHeader
	switch {
	case h.Length > math.MaxUint16:
		n += 8
	case h.Length >= len16:
		n += 2
	}
	if h.Masked {
		n += 4
	}
	return n
}
