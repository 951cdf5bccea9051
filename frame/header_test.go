package frame_test

import (
	"bytes"
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

// Parse leaves nothing of what h was.
func TestHeaderParse(t *testing.T) {
	before := frame.Header{Fin: true, Rsv1: true, Rsv2: true, Rsv3: true, Masked: true, Opcode: 0xf, Key: 1, Length: 1}
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			got := before
			if n, err := got.Parse([]byte(tt.in)); n != tt.n || err != nil || got != tt.want {
				t.Errorf("Parse(% x) = %d, %v with %+v; want %d with %+v", tt.in, n, err, got, tt.n, tt.want)
			}
			got = before
			if n, err := got.Parse([]byte(tt.in[:1])); n != 0 || err != frame.ErrShort || got != (frame.Header{}) {
				t.Errorf("Parse of one byte = %d, %v with %+v", n, err, got)
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

// lengths are payload lengths at and around every border of the encoding.
var lengths = []int64{0, 1, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537,
	1<<31 - 1, 1 << 31, 1 << 32, 1<<63 - 1}

// everyHeader calls f with each combination of flags, opcodes, lengths and a few keys.
func everyHeader(f func(frame.Header)) {
	for flags := range 32 {
		for op := range 16 {
			for _, length := range lengths {
				h := frame.Header{
					Fin: flags&1 != 0, Rsv1: flags&2 != 0, Rsv2: flags&4 != 0, Rsv3: flags&8 != 0,
					Masked: flags&16 != 0, Opcode: frame.Opcode(op), Length: length,
				}
				if h.Masked {
					h.Key = uint32(0x9e3779b9 * (length + int64(op)))
				}
				f(h)
			}
		}
	}
}

// The four properties of a codec: round trip, strict prefixes are short, bytes after it change
// nothing, and what was parsed writes back to the same bytes.
func TestHeaderProperties(t *testing.T) {
	buf := make([]byte, 0, 2*frame.MaxHeader)
	everyHeader(func(h frame.Header) {
		wire := frame.AppendHeader(buf, h)
		if len(wire) != h.Size() || len(wire) > frame.MaxHeader {
			t.Fatalf("AppendHeader(%+v) takes %d bytes, Size says %d", h, len(wire), h.Size())
		}
		for i := range wire {
			if _, n, err := frame.ParseHeader(wire[:i:i]); n != 0 || !errors.Is(err, frame.ErrShort) {
				t.Fatalf("ParseHeader(% x) = n %d, err %v; want ErrShort", wire[:i], n, err)
			}
		}
		for _, rest := range []string{"", "\x00", "\xff\xff\xff\xff\xff"} {
			got, n, err := frame.ParseHeader(append(wire, rest...))
			if got != h || n != len(wire) || err != nil {
				t.Fatalf("ParseHeader(% x + %q) = %+v, %d, %v; want %+v", wire, rest, got, n, err, h)
			}
		}
	})
}

// A header whose length is wrong is refused as soon as the length is whole: masked or not, its key
// there or not, whatever follows.
func TestParseHeaderRefusesLength(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
	}{
		{"16-bit-zero", "\x82\x7e\x00\x00"},
		{"16-bit-one", "\x82\x7e\x00\x01"},
		{"16-bit-125", "\x82\x7e\x00\x7d"},
		{"16-bit-masked", "\x82\xfe\x00\x7d"},
		{"64-bit-zero", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"64-bit-125", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x7d"},
		{"64-bit-126", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x7e"},
		{"64-bit-65535", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"},
		{"64-bit-masked", "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"},
		{"top-bit-alone", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"top-bit-and-small", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x05"},
		{"top-bit-minus-one", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"top-bit-wraps-with-header", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xfc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range len(tt.in) {
				if _, _, err := frame.ParseHeader([]byte(tt.in[:i])); !errors.Is(err, frame.ErrShort) {
					t.Errorf("ParseHeader(% x) = %v, want ErrShort", tt.in[:i], err)
				}
			}
			for _, rest := range []string{"", "\x01\x02\x03\x04", "\x01\x02\x03\x04Hello"} {
				h, n, err := frame.ParseHeader([]byte(tt.in + rest))
				if h != (frame.Header{}) || n != 0 {
					t.Errorf("ParseHeader(% x) = %+v, %d beside its error", tt.in+rest, h, n)
				}
				wantClose(t, err, frame.CodeProtocolError)
			}
		})
	}
}

func TestAppendHeaderKeepsDst(t *testing.T) {
	got := frame.AppendHeader([]byte("dst"), frame.Header{Fin: true, Opcode: frame.Ping})
	if string(got) != "dst\x89\x00" {
		t.Errorf("AppendHeader = %q", got)
	}
}

func TestAppendHeaderIgnoresKeyUnmasked(t *testing.T) {
	h := frame.Header{Opcode: frame.Text, Key: 0xdeadbeef, Length: 3}
	if got := frame.AppendHeader(nil, h); string(got) != "\x01\x03" || h.Size() != 2 {
		t.Errorf("AppendHeader(%+v) = % x, Size %d", h, got, h.Size())
	}
}

func TestAppendHeaderPanics(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    frame.Header
	}{
		{"negative-length", frame.Header{Length: -1}},
		{"opcode-over-four-bits", frame.Header{Opcode: 0x10}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("AppendHeader(%+v) did not panic", tt.h)
				}
			}()
			frame.AppendHeader(nil, tt.h)
		})
	}
}

func FuzzParseHeader(f *testing.F) {
	for _, tt := range examples {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte("\x82\x7e\x00\x7d"))
	f.Add([]byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := frame.ParseHeader(b)
		if err != nil {
			if errors.Is(err, frame.ErrShort) && len(b) >= frame.MaxHeader {
				t.Fatalf("ParseHeader(% x) wants more than MaxHeader bytes", b)
			}
			return
		}
		if h.Length < 0 || n > len(b) {
			t.Fatalf("ParseHeader(% x) = %+v, %d", b, h, n)
		}
		if back := frame.AppendHeader(nil, h); !bytes.Equal(back, b[:n]) {
			t.Fatalf("% x parses to %+v, which writes % x", b[:n], h, back)
		}
	})
}

// MaxHeader is reached: two bytes, eight of length, four of key (RFC 6455 §5.2).
func TestMaxHeader(t *testing.T) {
	if n := (frame.Header{Masked: true, Length: 1 << 16}).Size(); n != frame.MaxHeader {
		t.Errorf("the longest header has %d bytes, want MaxHeader, %d", n, frame.MaxHeader)
	}
}
