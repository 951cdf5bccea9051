package deflate

// A Decompressor turns the payloads of one connection's compressed messages back into plaintext. Between
// calls it holds the end of what the peer sent, as far as later messages may refer to it, and nothing
// else. It is not safe for concurrent use.
type Decompressor struct {
	past       history
	window     int
	noTakeover bool
	err        error // set by the first failure, for good
}

// NewDecompressor returns a Decompressor for cfg. It is small; the history is allocated as messages come.
func NewDecompressor(cfg DecompressorConfig) *Decompressor {
	cfg = cfg.withDefaults()
	return &Decompressor{
		past:       history{limit: 1 << cfg.WindowBits},
		window:     1 << cfg.WindowBits,
		noTakeover: cfg.NoTakeover,
	}
}

// AppendMessage appends to dst the plaintext of a message whose payload, all fragments joined, is src,
// still without the four bytes its sender took off (RFC 7692 §7.2.1). max is the most bytes of plaintext
// accepted; negative means no limit. src must end as a sync flush does; an empty src is an empty
// message. Blocks marked as the last one may stand anywhere; after one a new stream begins at the next
// byte, in the same window (RFC 7692 §7.2.3.4). dst and src must not overlap.
//
// The limit is checked before each write, and room is made for what came so far, never for what the
// input claims: the old and the new array together stay below 1.25 × max, or without a limit below 3 ×
// the plaintext or 4 × src, not counting what the caller had in dst.
//
// The errors are [ErrTooBig] and errors wrapping [ErrCorrupt]. After one the peer's history is lost, so
// the Decompressor gives the same error for ever; dst is then returned with the plaintext before the
// error, which is only good for diagnosis.
func (d *Decompressor) AppendMessage(dst, src []byte, max int64) ([]byte, error) {
	if d.err != nil {
		return dst, d.err
	}
	start := len(dst)
	dst, d.err = inflate(dst, src, d.past.plain(), d.window, max)
	if d.err != nil {
		d.past.forget()
		return dst, d.err
	}
	if !d.noTakeover {
		d.past.remember(dst[start:])
	}
	return dst, nil
}
