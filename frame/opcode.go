package frame

import "strconv"

// Opcode says what a frame carries (RFC 6455 §5.2). It takes four bits on the wire: 0x0 to 0xF.
type Opcode uint8

// The opcodes that RFC 6455 §11.8 registers. All others are reserved.
const (
	Continuation Opcode = 0x0 // a further fragment of the message begun before
	Text         Opcode = 0x1 // the first, perhaps only, fragment of a text message
	Binary       Opcode = 0x2 // the same of a binary message
	Close        Opcode = 0x8 // RFC 6455 §5.5.1
	Ping         Opcode = 0x9 // RFC 6455 §5.5.2
	Pong         Opcode = 0xA // RFC 6455 §5.5.3
)

// maxOpcode is the largest value four bits hold.
const maxOpcode Opcode = 0xF

// IsControl reports whether o is a control opcode, known or reserved: 0x8 to 0xF (RFC 6455 §5.5).
func (o Opcode) IsControl() bool { return o >= Close && o <= maxOpcode }

// IsReserved reports whether o is an opcode without a meaning so far: 0x3 to 0x7 and 0xB to 0xF
// (RFC 6455 §5.2). It is false for values that four bits can't hold.
func (o Opcode) IsReserved() bool {
	return o > Binary && o < Close || o > Pong && o <= maxOpcode
}

// String returns the opcode's name in small letters, or "opcode 0x3" for one that has none.
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return "opcode 0x" + strconv.FormatUint(uint64(o), 16)
}
