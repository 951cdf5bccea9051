package fuzz_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
)

// framing is a stream taken to frames.
type framing struct {
	Frames []piece
	Broken bool  // what follows them is no header
	Left   int64 // payload bytes that the last frame lacks
	Inside bool  // the stream ends inside a frame
}

// piece is one frame, as far as it came.
type piece struct {
	Header  frame.Header
	Payload string // unmasked
}

// FuzzFrameParser: however a stream is cut, a Parser finds the frames that a
// reading by hand finds in the whole of it.
func FuzzFrameParser(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		if len(stream) > maxInput {
			return
		}
		want := framesByHand(stream)
		for _, how := range []struct {
			name string
			cuts []byte
		}{{"in one piece", nil}, {"one byte at a time", []byte{0}}, {"cut as given", cuts}} {
			if diff := cmp.Diff(want, framesByParser(t, stream, how.cuts)); diff != "" {
				t.Fatalf("% x %s (-by hand +parser):\n%s", stream, how.name, diff)
			}
		}
	})
}

// framesByHand reads one header after the other.
func framesByHand(stream []byte) (f framing) {
	for len(stream) > 0 {
		h, n, v := wireHeader(stream)
		if v != whole {
			f.Broken, f.Inside = v == broken, v == short
			return f
		}
		payload := stream[n:]
		if int64(len(payload)) > h.Length {
			payload = payload[:h.Length]
		}
		f.Frames = append(f.Frames, piece{h, string(xor(payload, h.Key, 0))})
		f.Left = h.Length - int64(len(payload))
		f.Inside = f.Left > 0
		stream = stream[n+len(payload):]
	}
	return f
}

// framesByParser gives a Parser one piece after the other, and holds each chunk to
// the contract of Next.
func framesByParser(t *testing.T, stream, cuts []byte) (f framing) {
	t.Helper()
	var p frame.Parser
	for b := range pieces(bytes.Clone(stream), cuts) {
		for {
			c, n, err := p.Next(b)
			if errors.Is(err, frame.ErrShort) {
				if n != len(b) {
					t.Fatalf("ErrShort after %d of %d bytes", n, len(b))
				}
				break
			}
			if err != nil {
				wantFault(t, err, frame.CodeProtocolError)
				checkStays(t, &p, err)
				f.Broken = true
				return f
			}
			f.add(t, c, b[:n])
			if c.Last != (p.Remaining() == 0) {
				t.Fatalf("Last %v, but %d bytes remain", c.Last, p.Remaining())
			}
			b = b[n:]
		}
	}
	f.Left, f.Inside = p.Remaining(), p.Pending()
	return f
}

// checkStays asks again after an error.
func checkStays(t *testing.T, p *frame.Parser, err error) {
	t.Helper()
	for _, more := range []string{"", "\x82\x00"} {
		if c, n, again := p.Next([]byte(more)); n != 0 || again != err || c.Payload != nil {
			t.Fatalf("after %v: %+v, %d, %v", err, c, n, again)
		}
	}
	if p.Pending() || p.Remaining() != 0 {
		t.Fatalf("after %v: Pending %v, Remaining %d", err, p.Pending(), p.Remaining())
	}
}

// add takes a chunk that Next made of used.
func (f *framing) add(t *testing.T, c frame.Chunk, used []byte) {
	t.Helper()
	if c.First {
		f.Frames = append(f.Frames, piece{Header: c.Header})
	}
	last := &f.Frames[len(f.Frames)-1]
	if c.Header != last.Header {
		t.Fatalf("a chunk of %+v inside %+v", c.Header, last.Header)
	}
	if n := len(c.Payload); n > 0 && &c.Payload[n-1] != &used[len(used)-1] {
		t.Fatalf("a payload of %d bytes is not the end of the %d used", n, len(used))
	}
	if cap(c.Payload) != len(c.Payload) {
		t.Fatalf("a payload of %d bytes can grow into the %d that follow", len(c.Payload), cap(c.Payload))
	}
	last.Payload += string(xor(c.Payload, c.Key, 0))
}
