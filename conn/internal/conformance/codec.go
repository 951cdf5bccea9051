package conformance

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

// fullWindow is DEFLATE's largest window, and the only one that compress/flate
// knows.
const fullWindow = 15

// codec is the peer's side of permessage-deflate (RFC 7692 §7.2).
type codec struct {
	ours, theirs bounds

	w   *flate.Writer
	out bytes.Buffer

	r       io.ReadCloser
	history []byte // the last 32 KiB of what was inflated
}

func newCodec(ours, theirs bounds) *codec {
	if ours.bits == 0 {
		ours.bits = fullWindow
	}
	if theirs.bits == 0 {
		theirs.bits = fullWindow
	}
	return &codec{ours: ours, theirs: theirs}
}

// flushTail is what a flushed stream ends with and a message leaves out (RFC 7692
// §7.2.1). finalBlock makes a whole stream of it.
const (
	flushTail  = "\x00\x00\xff\xff"
	finalBlock = "\x01\x00\x00\xff\xff"
)

// deflate compresses a message. For a window smaller than compress/flate's it
// compresses pieces that are no longer than the window, each without a past: no
// distance can then exceed it.
func (c *codec) deflate(p []byte) []byte {
	c.out.Reset()
	piece := len(p)
	if c.ours.bits < fullWindow {
		piece = 1 << c.ours.bits
	}
	for {
		n := min(len(p), piece)
		c.deflatePiece(p[:n])
		if p = p[n:]; len(p) == 0 {
			break
		}
	}
	return bytes.Clone(bytes.TrimSuffix(c.out.Bytes(), []byte(flushTail)))
}

func (c *codec) deflatePiece(p []byte) {
	switch {
	case c.w == nil:
		c.w, _ = flate.NewWriter(&c.out, flate.BestSpeed) // fails only for an unknown level
	case c.ours.forget || c.ours.bits < fullWindow:
		c.w.Reset(&c.out)
	}
	c.w.Write(p) // a bytes.Buffer takes all
	c.w.Flush()
}

// inflate decompresses a message, and is strict: nothing may be left over, no
// block may be the last one, no distance may exceed the agreed window.
func (c *codec) inflate(p []byte) ([]byte, error) {
	src := append(append(bytes.Clone(p), flushTail...), finalBlock...)
	if err := checkWindow(src, 1<<c.theirs.bits); err != nil {
		return nil, err
	}
	in := bytes.NewReader(src)
	if c.r == nil {
		c.r = flate.NewReaderDict(in, c.history)
	} else {
		c.r.(flate.Resetter).Reset(in, c.history) // documented of flate's readers; a bytes.Reader can't fail
	}
	out, err := io.ReadAll(c.r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("not DEFLATE: %w", err)
	case in.Len() > 0:
		return nil, errors.New("a block before the end is marked as the last one")
	}
	if !c.theirs.forget {
		c.history = append(c.history, out...)
		c.history = c.history[max(0, len(c.history)-1<<fullWindow):]
	}
	return out, nil
}

// compressed returns the message as a frame with RSV1, and lets the codec's
// window take it in.
func (p *peer) compressed(w wire) wire {
	if p.codec == nil { // the handshake has failed
		return w
	}
	w.payload = p.codec.deflate(w.payload)
	return w.with(rsv1)
}
