package frame_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/frame"
)

// whole is a frame with its payload unmasked.
type whole struct {
	Header  frame.Header
	Payload string
}

// outcome is what a stream comes to: the frames that ended in it, what is left of the last, and the
// error that stopped it.
type outcome struct {
	Frames    []whole
	Rest      string // payload so far of a frame that did not end
	Remaining int64
	Pending   bool
	Err       error
}

// oneByOne parses stream with ParseHeader alone: what Parser is held against.
func oneByOne(stream []byte) (o outcome) {
	for len(stream) > 0 {
		h, n, err := frame.ParseHeader(stream)
		if errors.Is(err, frame.ErrShort) {
			o.Pending = true
			return o
		}
		if err != nil {
			o.Err = err
			return o
		}
		payload := stream[n:]
		if h.Length > int64(len(payload)) {
			o.Rest, o.Remaining, o.Pending = unmasked(payload, h.Key), h.Length-int64(len(payload)), true
			return o
		}
		o.Frames = append(o.Frames, whole{h, unmasked(payload[:h.Length], h.Key)})
		stream = payload[h.Length:]
	}
	return o
}

// unmasked returns p with key taken off, by the reference.
func unmasked(p []byte, key uint32) string {
	p = bytes.Clone(p)
	frame.MaskGeneric(p, key)
	return string(p)
}

// assembler puts chunks together again and checks each on the way.
type assembler struct {
	o    outcome
	p    frame.Parser
	head frame.Header
	body []byte
	open bool
}

// read gives one read to the parser, in a buffer of its own that is spoilt afterwards.
func (a *assembler) read(t *testing.T, b []byte) {
	t.Helper()
	b = bytes.Clone(b)
	for a.o.Err == nil {
		c, n, err := a.p.Next(b)
		if errors.Is(err, frame.ErrShort) {
			if n != len(b) || c.Payload != nil {
				t.Fatalf("ErrShort with %d of %d bytes used, chunk %+v", n, len(b), c)
			}
			break
		}
		if err != nil {
			if n != 0 {
				t.Fatalf("error %v with n %d", err, n)
			}
			a.o.Err = err
			break
		}
		a.add(t, c)
		clear(b[:n])
		b = b[n:]
	}
}

// end returns the outcome once all is read.
func (a *assembler) end() outcome {
	a.o.Rest, a.o.Remaining, a.o.Pending = string(a.body), a.p.Remaining(), a.p.Pending()
	return a.o
}

// add takes the next chunk.
func (a *assembler) add(t *testing.T, c frame.Chunk) {
	t.Helper()
	if c.First == a.open {
		t.Fatalf("chunk %+v: First is %v inside a frame: %v", c, c.First, a.open)
	}
	if c.First {
		a.head, a.open = c.Header, true
	}
	if c.Header != a.head {
		t.Fatalf("chunk's header %+v, the frame's %+v", c.Header, a.head)
	}
	if !c.First && len(c.Payload) == 0 {
		t.Fatalf("an empty chunk that is not the first: %+v", c)
	}
	if cap(c.Payload) != len(c.Payload) {
		t.Fatalf("payload of %d bytes has capacity %d: an append would overwrite the stream", len(c.Payload), cap(c.Payload))
	}
	a.body = append(a.body, unmasked(c.Payload, c.Key)...)
	if last := int64(len(a.body)) == c.Header.Length; c.Last != last || (a.p.Remaining() == 0) != last {
		t.Fatalf("Last is %v, Remaining %d, after %d of %d bytes", c.Last, a.p.Remaining(), len(a.body), c.Header.Length)
	}
	if c.Last {
		a.o.Frames = append(a.o.Frames, whole{a.head, string(a.body)})
		a.body, a.open = nil, false
	}
}

// wantSame cuts stream into reads as cut says and compares the outcome.
func wantSame(t *testing.T, name string, stream []byte, cut func(left int) int) {
	t.Helper()
	var a assembler
	for rest := stream; len(rest) > 0; {
		n := cut(len(rest))
		a.read(t, rest[:n])
		rest = rest[n:]
	}
	sameError := cmp.Comparer(func(a, b error) bool { return a == b })
	if diff := cmp.Diff(oneByOne(stream), a.end(), sameError); diff != "" {
		t.Fatalf("%s: % x (-want +got):\n%s", name, stream, diff)
	}
}

// streams are a few frames each, of every header length, and the ways a stream can go wrong.
func streams() map[string][]byte {
	m := map[string][]byte{"empty": nil}
	var all []byte
	for _, tt := range examples[:6] {
		m[tt.name] = []byte(tt.in)
		all = append(all, tt.in...)
	}
	m["examples-in-a-row"] = all
	m["empty-frames"] = []byte("\x81\x00\x01\x80\x01\x02\x03\x04\x80\x00\x89\x00")
	m["16-bit"] = append([]byte("\x82\xfe\x00\x7e\x01\x02\x03\x04"), fill(126)...)
	m["64-bit"] = append([]byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"), fill(65536)...)
	m["ends-in-header"] = append(bytes.Clone(all), "\x82\xfe\x00"...)
	m["ends-in-payload"] = append(bytes.Clone(all), "\x82\x85\x01\x02\x03\x04He"...)
	m["not-shortest"] = append(bytes.Clone(all), "\x82\xfe\x00\x7d\x01\x02\x03\x04"...)
	m["top-bit"] = append(bytes.Clone(all), "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04rest"...)
	m["longest-length"] = append(bytes.Clone(all), "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04rest"...)
	return m
}

func TestParserAnyCut(t *testing.T) {
	for name, stream := range streams() {
		t.Run(name, func(t *testing.T) {
			wantSame(t, "all at once", stream, func(left int) int { return left })
			step := 1
			if len(stream) > 1000 {
				step = 6
			}
			for size := 1; size <= 20; size += step {
				wantSame(t, fmt.Sprintf("reads of %d", size), stream, func(left int) int { return min(size, left) })
			}
			if len(stream) > 200 {
				return
			}
			for at := 1; at < len(stream); at++ { // two reads
				first := true
				wantSame(t, fmt.Sprintf("cut at %d", at), stream, func(left int) int {
					if first {
						first = false
						return at
					}
					return left
				})
			}
		})
	}
}

func TestParserRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		stream := randomStream(rng)
		wantSame(t, "random cuts", stream, func(left int) int { return 1 + rng.IntN(min(left, 40)) })
	}
}

// randomStream returns some frames, the last of which may be cut.
func randomStream(rng *rand.Rand) (s []byte) {
	for range 1 + rng.IntN(8) {
		h := frame.Header{
			Fin: rng.IntN(2) == 0, Rsv1: rng.IntN(4) == 0, Rsv2: rng.IntN(4) == 0, Rsv3: rng.IntN(4) == 0,
			Masked: rng.IntN(2) == 0, Opcode: frame.Opcode(rng.IntN(16)), Length: int64(rng.IntN(300)),
		}
		if h.Masked {
			h.Key = rng.Uint32()
		}
		s = append(frame.AppendHeader(s, h), fill(int(h.Length))...)
	}
	return s[:len(s)-rng.IntN(3)]
}

// A header without payload behind it comes at once, so that a limit can be checked on it before
// any payload is taken.
func TestParserHeaderAlone(t *testing.T) {
	h := frame.Header{Fin: true, Masked: true, Opcode: frame.Binary, Key: testKey, Length: 1 << 40}
	wire := frame.AppendHeader(nil, h)
	for at := range len(wire) {
		var p frame.Parser
		if _, n, err := p.Next(wire[:at]); n != at || !errors.Is(err, frame.ErrShort) {
			t.Fatalf("Next of %d header bytes = %d, %v", at, n, err)
		}
		if p.Pending() != (at > 0) || p.Remaining() != 0 {
			t.Fatalf("after %d header bytes: Pending %v, Remaining %d", at, p.Pending(), p.Remaining())
		}
		c, n, err := p.Next(wire[at:])
		if n != len(wire)-at || err != nil {
			t.Fatalf("Next of the rest = %d, %v", n, err)
		}
		want := frame.Chunk{Header: h, Payload: []byte{}, Key: testKey, First: true}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", at, diff)
		}
		if !p.Pending() || p.Remaining() != 1<<40 {
			t.Fatalf("after the header: Pending %v, Remaining %d", p.Pending(), p.Remaining())
		}
		if _, n, err := p.Next(nil); n != 0 || !errors.Is(err, frame.ErrShort) {
			t.Fatalf("Next(nil) inside a payload = %d, %v", n, err)
		}
	}
}

func TestParserAliases(t *testing.T) {
	b := []byte("\x82\x03abcnext")
	var p frame.Parser
	c, _, err := p.Next(b)
	if err != nil || &c.Payload[0] != &b[2] {
		t.Errorf("Payload %q does not alias the bytes given, err %v", c.Payload, err)
	}
}

func TestParserErrorStays(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reads []string
	}{
		{"in-one-read", []string{"\x82\x7e\x00\x01"}},
		{"over-two-reads", []string{"\x82\x7e", "\x00\x01"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p frame.Parser
			var err error
			for _, r := range tt.reads {
				_, _, err = p.Next([]byte(r))
			}
			wantClose(t, err, frame.CodeProtocolError)
			for _, more := range []string{"", "\x82\x00", "\x81\x05Hello"} {
				if _, n, again := p.Next([]byte(more)); n != 0 || again != err {
					t.Errorf("Next(%q) afterwards = %d, %v; want %v", more, n, again, err)
				}
			}
			if p.Pending() || p.Remaining() != 0 {
				t.Errorf("after an error: Pending %v, Remaining %d", p.Pending(), p.Remaining())
			}
		})
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range streams() {
		if len(s) < 1000 {
			f.Add(s, uint64(len(s)))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		wantSame(t, "random cuts", stream, func(left int) int { return 1 + rng.IntN(left) })
	})
}

func ExampleParser() {
	stream := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x00")
	var p frame.Parser
	for _, read := range [][]byte{stream[:8], stream[8:]} { // as they come from a socket
		for {
			c, n, err := p.Next(read)
			if errors.Is(err, frame.ErrShort) {
				break
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			frame.Mask(c.Payload, c.Key)
			fmt.Printf("%v of %d: %q\n", c.Header.Opcode, c.Header.Length, c.Payload)
			read = read[n:]
		}
	}
	// Output:
	// text of 5: "He"
	// text of 5: "llo"
	// ping of 0: ""
}
