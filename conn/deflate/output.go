package deflate

// firstRoom is the least room made at once.
const firstRoom = 512

// output is the plaintext of a message as it grows behind what the caller had in its slice.
//
//	buf   | the caller's | plaintext so far | room |
//	      0            start                at     len(buf)
type output struct {
	buf       []byte
	start, at int
	past      []byte // what came before start in the peer's window
	window    int
	max       int64 // most plaintext allowed; negative: no limit
	guess     int   // room to make first
}

// newOutput returns an output behind dst. input is the size of what is inflated.
func newOutput(dst, past []byte, window int, max int64, input int) output {
	o := output{buf: dst[:cap(dst)], start: len(dst), at: len(dst), past: past, window: window, max: max}
	o.guess = 4 * input
	return o
}

// bytes returns the caller's bytes and the plaintext.
func (o *output) bytes() []byte { return o.buf[:o.at] }

// literal appends one byte.
func (o *output) literal(b byte) error {
	if err := o.room(1); err != nil {
		return err
	}
	o.buf[o.at] = b
	o.at++
	return nil
}

// write appends p.
func (o *output) write(p []byte) error {
	if err := o.room(len(p)); err != nil {
		return err
	}
	o.at += copy(o.buf[o.at:], p)
	return nil
}

// match appends length bytes from distance back.
func (o *output) match(distance, length int) error {
	have := o.at - o.start
	if distance > o.window || distance > have+len(o.past) {
		return errDistance
	}
	if err := o.room(length); err != nil {
		return err
	}
	if before := distance - have; before > 0 {
		n := copy(o.buf[o.at:o.at+length], o.past[len(o.past)-before:])
		o.at += n
		length -= n
	}
	o.repeat(distance, length)
	return nil
}

// repeat appends length bytes from distance back, all of them in buf. Where they overlap with their
// source, each round doubles what can be copied.
func (o *output) repeat(distance, length int) {
	from := o.at - distance
	for end := o.at + length; o.at < end; {
		o.at += copy(o.buf[o.at:end], o.buf[from:o.at])
	}
}

// room makes sure of room for n bytes, or reports that the message gets too big.
func (o *output) room(n int) error {
	if o.max >= 0 && int64(o.at-o.start+n) > o.max {
		return ErrTooBig
	}
	if n > len(o.buf)-o.at {
		o.grow(n)
	}
	return nil
}

// grow moves the plaintext to a bigger array. Under a limit the array doubles up to a quarter of it and
// then jumps to the whole, so that the last move holds no more than 1.25 × max.
func (o *output) grow(n int) {
	have := o.at - o.start
	want := max(have+n, 2*have, firstRoom, o.guess)
	o.guess = 0
	if o.max >= 0 {
		if quarter := int(o.max / 4); have+n > quarter {
			want = int(o.max)
		} else {
			want = min(want, quarter)
		}
	}
	bigger := make([]byte, o.start+want)
	copy(bigger, o.buf[:o.at])
	o.buf = bigger
}
