package conformance

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/godwit-ws/godwit/frame"
)

// corpus is data of one kind, of which sections 12 and 13 cut their messages.
type corpus struct {
	title  string
	op     frame.Opcode
	data   []byte
	shrink bool // it compresses well
}

// corpusSize is more than the longest message, so that messages differ.
const corpusSize = 200_000

// corpora returns the kinds of section 12 in their order. They are made here, the
// same every time; the official suite's are files of these kinds.
func corpora() []corpus {
	return []corpus{
		jsonCorpus(),
		{title: "image", op: frame.Binary, data: made(image)},
		{title: "prose", op: frame.Binary, data: made(prose), shrink: true},
		{title: "HTML", op: frame.Text, data: made(html), shrink: true},
		{title: "noise", op: frame.Binary, data: made(noise)},
	}
}

func jsonCorpus() corpus {
	return corpus{title: "JSON", op: frame.Text, data: made(json), shrink: true}
}

// made collects what a generator writes.
func made(write func(b *bytes.Buffer, r *rand.Rand)) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(7, 692))
	for b.Len() < corpusSize {
		write(&b, r)
	}
	return b.Bytes()[:corpusSize]
}

func word(r *rand.Rand) string {
	words := [...]string{"wind", "wader", "estuary", "Alaska", "mudflat", "eleven", "days", "over", "open", "ocean", "without", "landing", "the", "a", "of", "and", "flies", "bird", "long", "south"}
	return words[r.IntN(len(words))]
}

func json(b *bytes.Buffer, r *rand.Rand) {
	fmt.Fprintf(b, `{"id":%d,"name":"%s %s","lat":%.5f,"tags":["%s","%s"],"ok":%t},`+"\n",
		r.IntN(1e9), word(r), word(r), r.Float64()*90, word(r), word(r), r.IntN(2) == 0)
}

func html(b *bytes.Buffer, r *rand.Rand) {
	fmt.Fprintf(b, `<div class="row %s"><a href="/%s/%d">%s %s %s</a></div>`+"\n", word(r), word(r), r.IntN(1e4), word(r), word(r), word(r))
}

// prose is not ASCII, and cut anywhere: its messages are binary.
func prose(b *bytes.Buffer, r *rand.Rand) {
	fmt.Fprintf(b, "Der %s zog über %s, größer als %s; %s. ", word(r), word(r), word(r), word(r))
}

// image is a smooth gradient with grain, as in a bitmap.
func image(b *bytes.Buffer, r *rand.Rand) {
	b.WriteByte(byte(b.Len()/512 + b.Len()%512/3 + r.IntN(6)))
}

func noise(b *bytes.Buffer, r *rand.Rand) { b.WriteByte(byte(r.Uint32())) }

// cut returns n bytes from offset on, going round the end.
func (c corpus) cut(offset, n int) []byte {
	offset %= len(c.data)
	if offset+n <= len(c.data) {
		return c.data[offset : offset+n]
	}
	return append(c.data[offset:len(c.data):len(c.data)], c.data[:n-(len(c.data)-offset)]...)
}
