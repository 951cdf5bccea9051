package frame_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/frame"
)

// The examples of RFC 6455 §5.7.
var examples = []struct {
	name string
	in   string
	want frame.Header
	n    int
	text string // the payload, unmasked; "" where the example doesn't print it
}{
	{"unmasked-text", "\x81\x05Hello", frame.Header{Fin: true, Opcode: frame.Text, Length: 5}, 2, "Hello"},
	{"masked-text", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		frame.Header{Fin: true, Masked: true, Opcode: frame.Text, Key: 0x3d21fa37, Length: 5}, 6, "Hello"},
	{"first-fragment", "\x01\x03Hel", frame.Header{Opcode: frame.Text, Length: 3}, 2, "Hel"},
	{"last-fragment", "\x80\x02lo", frame.Header{Fin: true, Opcode: frame.Continuation, Length: 2}, 2, "lo"},
	{"unmasked-ping", "\x89\x05Hello", frame.Header{Fin: true, Opcode: frame.Ping, Length: 5}, 2, "Hello"},
	{"masked-pong", "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		frame.Header{Fin: true, Masked: true, Opcode: frame.Pong, Key: 0x3d21fa37, Length: 5}, 6, "Hello"},
	{"binary-256", "\x82\x7e\x01\x00", frame.Header{Fin: true, Opcode: frame.Binary, Length: 256}, 4, ""},
	{"binary-64KiB", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
		frame.Header{Fin: true, Opcode: frame.Binary, Length: 65536}, 10, ""},
}

func TestParseHeaderExamples(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			got, n, err := frame.ParseHeader([]byte(tt.in))
			if n != tt.n || err != nil {
				t.Fatalf("ParseHeader(% x) = n %d, err %v; want n %d", tt.in, n, err, tt.n)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseHeader(% x) header (-want +got):\n%s", tt.in, diff)
			}
			payload := []byte(tt.in[n:])
			frame.Mask(payload, got.Key)
			if string(payload) != tt.text {
				t.Errorf("payload %q, want %q", payload, tt.text)
			}
		})
	}
}

func TestParseHeaderShort(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.n {
				if h, n, err := frame.ParseHeader([]byte(tt.in[:i])); n != 0 || !errors.Is(err, frame.ErrShort) {
					t.Errorf("ParseHeader(% x) = %v, %d, %v; want ErrShort", tt.in[:i], h, n, err)
				}
			}
		})
	}
}
