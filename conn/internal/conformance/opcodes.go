package conformance

import (
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

// reservedOpcodes is section 4: 3 to 7 in 4.1, 11 to 15 in 4.2 (RFC 6455 §5.2);
// and X4: the same in the middle of a message.
func reservedOpcodes() []Case {
	const hello = "Hello, world!"
	var cases []Case
	for group, first := range []frame.Opcode{0x3, 0xB} {
		id := func(n int) string { return fmt.Sprintf("4.%d.%d", group+1, n) }
		cases = append(cases,
			Case{ID: id(1), Title: "reserved opcode, empty: 1002", play: failed(frame.CodeProtocolError, ofOpcode(first, ""))},
			Case{ID: id(2), Title: "reserved opcode with payload: 1002", play: failed(frame.CodeProtocolError, ofOpcode(first+1, "reserved"))},
			Case{ID: id(3), Title: "text, reserved opcode, Ping, a write each: text echoed, then 1002", play: textBadPing(frameWise, ofOpcode(first+2, ""))},
			Case{ID: id(4), Title: "text, reserved opcode with payload, Ping, a write each: text echoed, then 1002", play: textBadPing(frameWise, ofOpcode(first+3, hello))},
			Case{ID: id(5), Title: "text, reserved opcode with payload, a write a byte: text echoed, then 1002", play: textBadPing(byteWise, ofOpcode(first+4, hello))},
		)
		for i := range frame.Opcode(5) {
			op := first + i
			cases = append(cases, Case{
				ID:    fmt.Sprintf("X4.%d", op),
				Title: fmt.Sprintf("header of reserved opcode %#x in the middle of a message: 1002 before its payload", op),
				play:  failed(frame.CodeProtocolError, text("begun").unfinished(), ofOpcode(op, "").longer(5)),
			})
		}
	}
	return cases
}
