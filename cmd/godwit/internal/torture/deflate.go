package torture

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// tail is what a flushed stream ends with and a message leaves out (RFC 7692 §7.2.1).
// finalBlock makes a whole stream of it.
const (
	tail       = "\x00\x00\xff\xff"
	finalBlock = "\x01\x00\x00\xff\xff"
	fullWindow = 1 << 15
)

// inflater takes the endpoint's messages apart.
type inflater struct {
	forget  bool // no context takeover
	history []byte
}

func (f *inflater) inflate(p []byte) ([]byte, error) {
	in := io.MultiReader(bytes.NewReader(p), strings.NewReader(tail+finalBlock))
	out, err := io.ReadAll(flate.NewReaderDict(in, f.history))
	if err != nil {
		return nil, fmt.Errorf("inflating a message of %d bytes: %w", len(p), err)
	}
	if !f.forget {
		f.history = append(f.history, out...)
		f.history = f.history[max(0, len(f.history)-fullWindow):]
	}
	return out, nil
}

// deflater makes compressed messages. In a window smaller than the only one that
// compress/flate knows it stores them: no distance can then exceed it.
type deflater struct {
	forget bool
	small  bool
	out    bytes.Buffer
	w      *flate.Writer
}

func newDeflater(forget bool, window int) *deflater {
	return &deflater{forget: forget, small: window < fullWindow}
}

func (d *deflater) deflate(p []byte) []byte {
	d.out.Reset()
	if d.w == nil || d.forget || d.small {
		level := flate.BestCompression
		if d.small {
			level = flate.HuffmanOnly // no distances at all
		}
		d.w, _ = flate.NewWriter(&d.out, level) // fails only for an unknown level
	}
	d.w.Write(p) // a bytes.Buffer takes all
	d.w.Flush()
	return bytes.Clone(bytes.TrimSuffix(d.out.Bytes(), []byte(tail)))
}

// windowOf returns the window that an extension's parameters allow one side, in bytes.
func windowOf(extension, side string) int {
	_, value, ok := strings.Cut(extension, side+"_max_window_bits=")
	if !ok {
		return fullWindow
	}
	digits := strings.TrimLeft(value, `"`)
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	bits, err := strconv.Atoi(digits)
	if err != nil || bits < 8 || bits > 15 {
		return fullWindow
	}
	return 1 << bits
}

// bombOf returns n zero bytes, compressed by more than a thousand.
func bombOf(n int) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression) // fails only for an unknown level
	piece := make([]byte, 64<<10)
	for ; n > 0; n -= len(piece) {
		w.Write(piece[:min(n, len(piece))]) // a bytes.Buffer takes all
	}
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte(tail))
}
