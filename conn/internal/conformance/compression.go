package conformance

import (
	"fmt"
)

// messageSize is one row of sections 12 and 13: the length of the messages, and of
// the fragments that their compressed form is sent in (0: not fragmented).
type messageSize struct{ length, fragment int }

// messageSizes are the rows 1 to 18.
func messageSizes() []messageSize {
	var rows []messageSize
	for _, n := range []int{16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072} {
		rows = append(rows, messageSize{n, 0})
	}
	for _, n := range []int{8192, 16384, 32768, 65536, 131072} {
		rows = append(rows, messageSize{n, 256})
	}
	return append(rows, messageSize{131072, 1024}, messageSize{131072, 4096}, messageSize{131072, 32768})
}

// count is how many messages a case sends: a thousand, or about as many as make up
// a certain number of bytes.
func (s messageSize) count(l Length) int {
	switch l {
	case Full:
		return 1000
	case Brief:
		return max(2, min(10, 32<<10/s.length))
	}
	return max(2, min(30, 64<<10/s.length))
}

// compression is sections 12, data of different kinds with the parameters left to
// the endpoint, and 13, one kind with all sorts of parameters (RFC 7692 §7.1).
func compression(o Options) []Case {
	var cases []Case
	for i, c := range corpora() {
		cases = append(cases, compressionGroup(fmt.Sprintf("12.%d", i+1), c, anyVariant(), o.Length)...)
	}
	c := jsonCorpus()
	for i, v := range officialVariants() {
		cases = append(cases, compressionGroup(fmt.Sprintf("13.%d", i+1), c, v, o.Length)...)
	}
	return cases
}

// officialVariants are those of section 13.
func officialVariants() []*variant {
	return []*variant{
		{hint: true, wishes: []wish{{}}},
		{hint: true, wishes: []wish{{forget: true}}},
		{hint: true, wishes: []wish{{bits: 8}}},
		{hint: true, wishes: []wish{{bits: 15}}},
		{hint: true, wishes: []wish{{forget: true, bits: 8}}},
		{hint: true, wishes: []wish{{forget: true, bits: 15}}},
		{hint: true, wishes: []wish{{forget: true, bits: 8}, {forget: true}, {}}},
	}
}

func compressionGroup(id string, c corpus, v *variant, l Length) []Case {
	var cases []Case
	for i, s := range messageSizes() {
		count := s.count(l)
		cases = append(cases, Case{
			ID:      fmt.Sprintf("%s.%d", id, i+1),
			Title:   fmt.Sprintf("%d messages of %s, %d bytes, in fragments of %d (0: whole), %s", count, c.title, s.length, s.fragment, v),
			deflate: v,
			bulk:    s.length > 16384,
			play:    func(p *peer) { c.exchange(p, s, count) },
		})
	}
	return cases
}

// String returns the variant as a client would offer it.
func (v *variant) String() string { return v.request() }

// exchange sends count messages, each when the last one's echo has come, and wants
// those that compress well to have been compressed.
func (c corpus) exchange(p *peer, s messageSize, count int) {
	onWire := 0
	for i := range count {
		w := wire{op: c.op, payload: c.cut(i*s.length, s.length)}
		packed := p.compressed(w)
		if s.fragment > 0 {
			p.send(split(packed, s.fragment)...)
		} else {
			p.send(packed)
		}
		onWire += p.wantEcho(w).onWire
		if p.err != nil {
			return
		}
	}
	if total := count * s.length; c.shrink && s.length >= 1024 && onWire > total*3/4 {
		p.fail("the echo of %d bytes took %d: not compressed", total, onWire)
	}
	p.finish()
}
