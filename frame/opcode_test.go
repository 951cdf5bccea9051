package frame_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/frame"
)

func TestOpcode(t *testing.T) {
	type kind struct{ Control, Reserved bool }
	want := map[frame.Opcode]kind{
		0x0: {}, 0x1: {}, 0x2: {},
		0x3: {Reserved: true}, 0x4: {Reserved: true}, 0x5: {Reserved: true},
		0x6: {Reserved: true}, 0x7: {Reserved: true},
		0x8: {Control: true}, 0x9: {Control: true}, 0xA: {Control: true},
		0xB: {true, true}, 0xC: {true, true}, 0xD: {true, true}, 0xE: {true, true}, 0xF: {true, true},
	}
	for i := range 256 { // what four bits can't hold is neither
		o := frame.Opcode(i)
		got := kind{o.IsControl(), o.IsReserved()}
		if diff := cmp.Diff(want[o], got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", o, diff)
		}
	}
}

func TestOpcodeString(t *testing.T) {
	for o, want := range map[frame.Opcode]string{
		frame.Continuation: "continuation",
		frame.Text:         "text",
		frame.Binary:       "binary",
		frame.Close:        "close",
		frame.Ping:         "ping",
		frame.Pong:         "pong",
		0x3:                "opcode 0x3",
		0xF:                "opcode 0xf",
		0x10:               "opcode 0x10",
	} {
		if got := o.String(); got != want {
			t.Errorf("Opcode(%#x).String() = %q, want %q", uint8(o), got, want)
		}
	}
}
