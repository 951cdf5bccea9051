package deflate

// maxStored is the most bytes one stored block carries (RFC 1951 §3.2.4).
const maxStored = 65535

// A Compressor turns the messages of one connection into the payloads of permessage-deflate. Between
// calls it holds its history and nothing else. It is not safe for concurrent use.
type Compressor struct {
	past       history
	window     uint32
	noTakeover bool
}

// NewCompressor returns a Compressor for cfg. It is small; the history is allocated at first use.
func NewCompressor(cfg CompressorConfig) *Compressor {
	cfg = cfg.withDefaults()
	return &Compressor{
		past:       history{limit: cfg.HistorySize},
		window:     1 << cfg.WindowBits,
		noTakeover: cfg.NoTakeover,
	}
}

// AppendMessage appends the payload of a message with plaintext p to dst, or, after AppendFragment, that
// of its last fragment. The payload ends at a sync flush whose last four bytes are taken off
// (RFC 7692 §7.2.1); for an empty p it is the one byte 0x00 (RFC 7692 §7.2.3.6). It is at most
// [MaxCompressed] bytes long, and nothing is allocated if dst has that much room. dst and p must not
// overlap.
func (c *Compressor) AppendMessage(dst, p []byte) []byte {
	dst = appendCompressed(dst, c.past.plain(), p, c.window)
	if c.noTakeover {
		c.past.forget()
	} else {
		c.past.remember(p)
	}
	return dst
}

// AppendFragment appends the payload of a fragment that is not the message's last to dst. It ends at a
// sync flush, on a byte border, with the four bytes kept (RFC 7692 §7.2.1), so that all of p can be
// inflated on arrival. At most [MaxCompressed] bytes.
func (c *Compressor) AppendFragment(dst, p []byte) []byte {
	dst = appendCompressed(dst, c.past.plain(), p, c.window)
	c.past.remember(p)
	return append(dst, syncTail...)
}

// Remember says that the peer received p by way of a payload made elsewhere, with AppendSelfContained:
// p is in the peer's history now, so it enters ours too (RFC 7692 §7.1.1). Without context takeover it
// does nothing. It must not be called between the fragments of a message.
func (c *Compressor) Remember(p []byte) {
	if !c.noTakeover {
		c.past.remember(p)
	}
}

// AppendSelfContained appends the payload of a message with plaintext p, made without history and with
// no distance above 1<<windowBits (8 to 15, or 0 for 15; others panic): any connection whose window is
// at least as large can send it, followed by [Compressor.Remember]. Otherwise as
// [Compressor.AppendMessage]. It may be called from any goroutine.
func AppendSelfContained(dst, p []byte, windowBits int) []byte {
	return appendCompressed(dst, past{}, p, 1<<checkWindowBits(windowBits))
}

// MaxCompressed returns the room in bytes that a payload for n bytes of plaintext needs at worst: the
// plaintext, five bytes for each stored block, and a constant.
func MaxCompressed(n int) int {
	return n + storedHeaderBytes*(n/maxStored) + overhead
}
