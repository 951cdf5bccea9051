package app

import (
	"crypto/rand"
	"encoding/base32"
	"time"
)

// history is what is kept of a topic's messages: the last ones, numbered without
// gaps. It belongs to whoever holds the topic's lock.
type history struct {
	retain Retention
	epoch  string
	last   uint64 // Seq given last
	kept   []kept // oldest first, from first on; the last has Seq last
	first  int
	bytes  int64 // of all kept, with keptOverhead each
}

// kept is a message with the time it came.
type kept struct {
	*Publication
	since time.Time
}

// keptOverhead is about what a message costs beside its payload, in bytes.
const keptOverhead = 256

// size is what a message counts for in a broker's MaxBytes.
func (k kept) size() int64 { return int64(k.Len()) + keptOverhead }

// newHistory begins a history.
func newHistory(r Retention) *history { return &history{retain: r, epoch: newEpoch()} }

// newEpoch returns the name of an epoch that there never was before.
func newEpoch() string {
	var b [10]byte
	rand.Read(b[:])
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// end is the position behind the last message.
func (h *history) end() Position { return Position{h.epoch, h.last} }

// append gives a message its place and keeps it, and returns by how many bytes the
// history has grown.
func (h *history) append(p *Publication) int64 {
	before := h.bytes
	p.Prev = h.last
	h.last++
	p.Position = h.end()
	k := kept{p, time.Now()}
	h.kept = append(h.kept, k)
	h.bytes += k.size()
	h.expire()
	return h.bytes - before
}

// expire drops what is beyond the limits, and returns by how many bytes the history
// has grown: 0 or less.
func (h *history) expire() int64 {
	before, now, r := h.bytes, time.Now(), h.retain
	for n := len(h.kept) - h.first; n > 0; n-- {
		oldest, payload := h.kept[h.first], h.bytes-int64(n)*keptOverhead
		if (r.MaxMessages < 0 || n <= r.MaxMessages) &&
			(r.MaxBytes < 0 || payload <= r.MaxBytes) &&
			(r.MaxAge <= 0 || now.Sub(oldest.since) < r.MaxAge) {
			break
		}
		h.bytes -= oldest.size()
		h.kept[h.first] = kept{}
		h.first++
	}
	if 2*h.first > len(h.kept) { // the larger half is empty
		rest := copy(h.kept, h.kept[h.first:])
		clear(h.kept[rest:])
		h.kept, h.first = h.kept[:rest], 0
	}
	return h.bytes - before
}

// clear drops everything and begins a new epoch. It returns how many bytes went.
func (h *history) clear() int64 {
	went := h.bytes
	*h = *newHistory(h.retain)
	return went
}

// after returns what is behind a position, limit messages at most.
func (h *history) after(p Position, limit int) Replay {
	all := h.kept[h.first:]
	missed, ours := uint64(0), p.Epoch == h.epoch && p.Seq <= h.last
	if ours {
		missed = h.last - p.Seq
	}
	r := Replay{Gap: !ours || missed > uint64(len(all)), End: h.end()}
	if ours && !r.Gap {
		all = all[len(all)-int(missed):]
	}
	if len(all) > limit {
		all, r.More = all[:limit], true
		r.End = all[limit-1].Position
	}
	for _, k := range all {
		r.Publications = append(r.Publications, k.Publication)
	}
	return r
}
