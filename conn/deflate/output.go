package deflate

// The least room made at once, and how far the first room may go beyond the size of the input.
const (
	firstRoom  = 512
	firstAhead = 16 << 10
)

// output is the plaintext of a message as it grows behind what the caller had in its slice. buf never
// extends past the limit, so whatever fits in it is allowed.
//
//	buf   | the caller's | plaintext so far | room |
//	      0            start                at     len(buf)
type output struct {
	buf       []byte
	start, at int
	old       past // what came before start in the peer's window
	window    int
	max       int64 // most plaintext allowed; negative: no limit
	guess     int   // room to make first
}

// newOutput returns an output behind dst, for the plaintext of input bytes.
func newOutput(dst []byte, old past, window int, max int64, input int) output {
	room := cap(dst) - len(dst)
	if max >= 0 {
		room = int(min(int64(room), max))
	}
	return output{
		buf:    dst[:len(dst)+room],
		start:  len(dst),
		at:     len(dst),
		old:    old,
		window: window,
		max:    max,
		guess:  input + min(3*input, firstAhead),
	}
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
	if distance > o.window || distance > have+o.old.len() {
		return errDistance
	}
	if err := o.room(length); err != nil {
		return err
	}
	if before := distance - have; before > 0 {
		n := o.old.copyFrom(o.buf[o.at:o.at+length], before)
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
	if n <= len(o.buf)-o.at {
		return nil
	}
	need := o.at - o.start + n
	if o.max >= 0 && int64(need) > o.max {
		return ErrTooBig
	}
	o.grow(need)
	return nil
}

// grow moves the plaintext to an array with room for need bytes of it or more. Under a limit the array
// doubles up to a quarter of that and then jumps to the whole, so that the last move, the dearest, holds
// no more than 1.25 × max.
func (o *output) grow(need int) {
	room := max(need, 2*(o.at-o.start), firstRoom, o.guess)
	o.guess = 0
	if o.max >= 0 {
		limit := o.max
		if int64(need) <= limit/4 {
			limit = min(limit/4, int64(room))
		}
		room = int(limit)
	}
	bigger := make([]byte, o.start+room)
	copy(bigger, o.buf[:o.at])
	o.buf = bigger
}
