package deflate_test

import (
	"bytes"
	"compress/flate"
	"testing"

	"github.com/godwit-ws/godwit/conn/deflate"
)

// cut splits data into at most 40 messages.
func cut(data []byte) [][]byte { return bytes.SplitN(data, []byte("|"), 40) }

// FuzzCompressor sends messages through a Compressor, checks each distance, and inflates them three ways.
func FuzzCompressor(f *testing.F) {
	f.Add([]byte("Hello|Hello"), byte(0), uint16(0))
	f.Add([]byte("||"), byte(9), uint16(100))
	f.Add(bytes.Repeat([]byte("abcdefgh|"), 100), byte(8), uint16(256))
	f.Add(bytes.Repeat([]byte{0}, 1000), byte(15), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, bits byte, historySize uint16) {
		windowBits := 8 + int(bits%8)
		c := deflate.NewCompressor(deflate.CompressorConfig{WindowBits: windowBits, HistorySize: int(historySize)})
		d := deflate.NewDecompressor(deflate.DecompressorConfig{WindowBits: windowBits})
		var std stdInflater
		s := &strictInflater{window: 1 << windowBits}
		for i, p := range cut(data) {
			if i%5 == 4 {
				c.Remember(p)
				shared := deflate.AppendSelfContained(nil, p, windowBits)
				if got, err := s.inflate(shared); err != nil || !bytes.Equal(got, p) {
					t.Fatalf("message %d, self-contained: %q, %v; want %q", i, got, err, p)
				}
				d.AppendMessage(nil, shared, -1)
				continue
			}
			window := s.plain[max(0, len(s.plain)-1<<windowBits):]
			half := len(p) * (i % 3) / 2
			payload := c.AppendMessage(c.AppendFragment(nil, p[:half]), p[half:])
			if got, err := std.inflate(payload, window); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("message %d, standard library: %q, %v; want %q", i, got, err, p)
			}
			if got, err := s.inflate(payload); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("message %d, strictly: %q, %v; want %q", i, got, err, p)
			}
			if got, err := d.AppendMessage(nil, payload, int64(len(p))); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("message %d: %q, %v; want %q", i, got, err, p)
			}
		}
	})
}

// FuzzDecompressor inflates what compress/flate makes of messages.
func FuzzDecompressor(f *testing.F) {
	f.Add([]byte("Hello|Hello"), byte(1))
	f.Add(bytes.Repeat([]byte("abcdefgh|abc"), 100), byte(9))
	f.Add(bytes.Repeat([]byte{7}, 1000), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, level byte) {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, int(level%12)-2)
		if err != nil {
			t.Fatal(err)
		}
		d := deflate.NewDecompressor(deflate.DecompressorConfig{})
		for i, p := range cut(data) {
			out.Reset()
			w.Write(p)
			w.Flush()
			got, err := d.AppendMessage(nil, bytes.TrimSuffix(out.Bytes(), []byte(tail)), int64(len(p)))
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("message %d: %q, %v; want %q", i, got, err, p)
			}
		}
	})
}

// FuzzHostile inflates anything, under a limit, and compares with the standard library.
func FuzzHostile(f *testing.F) {
	for _, tt := range hostile {
		var b bitString
		tt.built(&b)
		f.Add(b.out, uint16(1000))
	}
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), uint16(5))
	f.Add(deflate.AppendSelfContained(nil, bytes.Repeat([]byte("fuzz the dynamic form, too. "), 20), 15), uint16(300))
	f.Fuzz(func(t *testing.T, src []byte, limit uint16) {
		checkAgainstStandardLibrary(t, src, int(limit))
	})
}
