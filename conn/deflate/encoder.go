package deflate

import "sync"

const (
	// maxBlock is the most plaintext in one block: enough to pay for a dynamic header many times over,
	// little enough that the codes fit what they describe.
	maxBlock = 1 << 16
	// maxSequences bounds the matches of a block.
	maxSequences = 1 << 13
	// overhead is what a payload can cost above its plaintext and five bytes for each full stored block.
	// What is written with history and what is written without each begin with a stored block, or end
	// with a small one, that nothing has paid for; then there are the sync flush with its tail and the
	// room that the bit writer wants past its end.
	overhead = 4*(storedHeaderBits+7)/8 + storedHeaderBytes + flushRoom + 1
)

// encoder is the working memory of one call, pooled between them.
type encoder struct {
	index
	seqs  [maxSequences]sequence // the block's matches so far: seqs[:count]
	count int

	joined []byte // the history and the start of the message, side by side
	w      bitWriter
	stats  frequencies
	cost   int // bits of the block in the form chosen
	own    dynamicCodes
}

// encoders holds idle encoders. None keeps a reference to a caller's bytes.
var encoders = sync.Pool{New: func() any { return &encoder{index: index{base: maxWindow + 1}} }}

// appendCompressed appends to dst the blocks for p, preceded in the peer's window by old (at most
// window bytes), and the header of an empty stored block, whose syncTail is left out.
func appendCompressed(dst []byte, old past, p []byte, window uint32) []byte {
	e := encoders.Get().(*encoder)
	e.w = bitWriter{out: dst}
	e.compress(old, p, window)
	e.w.sync()
	dst = e.w.out
	e.w = bitWriter{}
	encoders.Put(e)
	return dst
}

// compress writes the blocks for p. Matches need history and message in one slice, so with history the
// first maxWindow bytes of p are copied next to it; past those no distance reaches the history, and p is
// used as it is.
func (e *encoder) compress(old past, p []byte, window uint32) {
	if len(p) == 0 {
		return
	}
	n, from := old.len(), 0
	e.start(n+len(p), window)
	if n > 0 {
		from = min(len(p), maxWindow)
		e.joined = append(append(append(e.joined[:0], old.older...), old.newer...), p[:from]...)
		e.learn(e.joined, n)
		e.blocks(e.joined, n, n+from)
		e.shift(n)
	}
	e.blocks(p, from, len(p))
	e.finish(len(p))
}

// blocks writes src[from:to] as blocks; src[:from] is what distances can reach.
func (e *encoder) blocks(src []byte, from, to int) {
	raw := from // src[raw:from] waits to be stored
	for from < to {
		at := e.match(src, from, min(to, from+maxBlock))
		f := e.choose(src[from:at], raw < from)
		if f != formStored {
			e.w.stored(src[raw:from])
			e.write(f, src[from:at])
			raw = at
		}
		from = at
	}
	e.w.stored(src[raw:to])
}
