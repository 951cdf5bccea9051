package store

import (
	"bytes"
	"unicode/utf8"
)

// foreign is a file of another hand read as far as it can be: a JSON array of objects in any formatting.
type foreign struct {
	objects []object
	junk    []byte // what couldn't be read
}

// readForeign takes the objects out of text. Elements that are no objects, objects that look like
// records but fail their checksum, and everything from the first error of syntax on is junk: where an
// element is damaged nobody can tell a message from a part of one. For the same reason a text that may
// be what is left of a Disk's own file is taken as a whole or not at all.
func readForeign(text []byte) foreign {
	whose := guessHand(text)
	f := foreign{junk: text}
	if whose != ours {
		f = readElements(text)
	}
	if whose == doubtful && len(f.junk) > 0 {
		return foreign{junk: text}
	}
	return f
}

// hand says who wrote a file that holds no intact record.
type hand uint8

const (
	theirs hand = iota
	doubtful
	ours
)

// maxIndent is the deepest indentation of another program's arrays that is recognised. Any record is
// longer than that, and so is the shortest piece of a disk that a lost write may leave blanked.
const maxIndent = 16

// guessHand tells a Disk's damaged file from others. A damaged record may hold something that looks like
// a message in an array and is only a part of one, or an altered one. Ours begin with the bracket on a
// line of its own; what follows there is a record, the rest of one, or blanks. Others put the brackets of
// objects on lines of their own as well, if they use lines at all. Where neither is certain, or our keys
// turn up in the text, there is room for doubt.
func guessHand(text []byte) hand {
	rest, found := bytes.CutPrefix(text, []byte(opening))
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	likeOthers := !found || string(bytes.Trim(first, " \t\r")) == "{"
	switch {
	case !likeOthers && bytes.Contains(text, bytes.Repeat([]byte(" "), maxIndent+1)):
		return ours
	case bytes.Contains(text, []byte(`_seq"`)) || bytes.Contains(text, []byte(`_crc"`)):
		return doubtful
	case likeOthers:
		return theirs
	}
	return doubtful
}

// readElements takes objects out of text up to the first error of syntax.
func readElements(text []byte) foreign {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var f foreign
	c := checker{src: text}
	c.space()
	if !c.skip('[') {
		return foreign{junk: text}
	}
	for {
		c.space()
		if c.skip(']') {
			c.space()
			f.reject(text[c.i:])
			return f
		}
		start, blank := c.i, c.blank
		c.depth = 0
		err := c.value()
		element, blank := text[start:c.i], c.blank-blank
		c.space()
		atEnd := c.i == len(text) // cut off between two elements
		if err != nil || !c.skip(',') && c.peek() != ']' && !atEnd {
			f.reject(text[start:])
			return f
		}
		f.add(element, blank)
		if atEnd {
			return f
		}
	}
}

// add sorts one element, which holds blank bytes of white space.
func (f *foreign) add(element []byte, blank int) {
	o := object{element, len(element) - blank}
	if element[0] != '{' || !utf8.Valid(element) {
		f.reject(element)
		return
	}
	compact := o.appendTo(nil)
	if !looksLikeRecord(compact) {
		f.objects = append(f.objects, object{compact, len(compact)})
		return
	}
	r, ok := parseRecord(append([]byte{leadNext}, compact...))
	if !ok {
		f.reject(element)
		return
	}
	p := r.message().Payload
	f.objects = append(f.objects, object{p, len(p)})
}

// reject sets a piece of the text aside, on lines of its own.
func (f *foreign) reject(piece []byte) {
	if len(bytes.Trim(piece, " \t\r\n\x00,[]")) == 0 {
		return
	}
	f.junk = append(f.junk, piece...)
	f.junk = append(f.junk, '\n')
}
