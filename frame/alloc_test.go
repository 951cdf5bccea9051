package frame_test

import (
	"errors"
	"testing"

	"github.com/godwit-ws/godwit/frame"
)

// The package's promise: nothing on the way of a message allocates, hostile input included.
func TestAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	var (
		text   = textOf("hello, Zürich, 视野 🐦 ", 3000)
		buf    = make([]byte, 0, 4096)
		stream = smallFrames(3, 125)
		bad    = []byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff")
		long   = []byte("\x82\x7e\x00\x01")
		cut    = []byte("\x03\xe8bye\xff")
	)
	for _, tt := range []struct {
		name string
		call func()
	}{
		{"parse-header", func() { frame.ParseHeader(stream) }},
		{"parse-header-short", func() { frame.ParseHeader(stream[:1]) }},
		{"parse-header-top-bit", func() { frame.ParseHeader(bad) }},
		{"parse-header-not-shortest", func() { frame.ParseHeader(long) }},
		{"append-header", func() { buf = frame.AppendHeader(buf[:0], headers[5].h) }},
		{"append-close", func() { buf, _ = frame.AppendClosePayload(buf[:0], frame.CodeNormal, "bye") }},
		{"parse-close-empty", func() { frame.ParseClosePayload(nil) }},
		{"parse-close-code-only", func() { frame.ParseClosePayload(cut[:2]) }},
		{"parse-close-one-byte", func() { frame.ParseClosePayload(cut[:1]) }},
		{"parse-close-bad-code", func() { frame.ParseClosePayload(cut[1:3]) }},
		{"parse-close-bad-reason", func() { frame.ParseClosePayload(cut) }},
		{"mask", func() { frame.Mask(buf[:cap(buf)], 7) }},
		{"mask-copy", func() { frame.MaskCopy(buf[:cap(buf)], text, 7) }},
		{"utf8-feed", func() {
			var u frame.UTF8
			u.Feed(text[:1001])
			u.Feed(text[1001:])
		}},
		{"utf8-unmask", func() {
			var u frame.UTF8
			u.Unmask(text, 0)
		}},
		{"parser-whole", func() { parseAll(t, stream, len(stream)) }},
		{"parser-byte-by-byte", func() { parseAll(t, stream, 1) }},
		{"parser-hostile", func() {
			var p frame.Parser
			p.Next(bad[:5])
			p.Next(bad[5:])
			p.Next(bad)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, tt.call); n != 0 {
				t.Errorf("%v allocations, want none", n)
			}
		})
	}
}

// parseAll runs stream through a Parser in reads of size bytes and drops what comes out.
func parseAll(t testing.TB, stream []byte, size int) {
	var p frame.Parser
	for len(stream) > 0 {
		read := stream[:min(size, len(stream))]
		stream = stream[len(read):]
		for len(read) > 0 {
			_, n, err := p.Next(read)
			if err != nil && !errors.Is(err, frame.ErrShort) {
				t.Fatal(err)
			}
			read = read[n:]
		}
	}
	if p.Pending() {
		t.Fatal("stream ends inside a frame")
	}
}
