package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Next is Store's.
func (d *Disk) Next(ctx context.Context) (Delivery, error) {
	if err := ctx.Err(); err != nil {
		return Delivery{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		t, err := d.take()
		if !errors.Is(err, ErrEmpty) {
			return t, err
		}
		if err := d.takers.wait(ctx, &d.mu); err != nil {
			return Delivery{}, err
		}
	}
}

// TryNext is Store's.
func (d *Disk) TryNext() (Delivery, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.take()
}

func (d *Disk) take() (Delivery, error) {
	if d.end != nil {
		return Delivery{}, d.end
	}
	if d.loans.waiting() > 0 {
		return d.takeReturned()
	}
	if d.unread == 0 {
		return Delivery{}, ErrEmpty
	}
	r, line, err := d.read(&d.ahead, d.cursor, d.visible)
	if err != nil {
		return Delivery{}, err
	}
	d.loans.push(span{d.cursor, line, r.size()})
	_, t, _ := d.loans.take()
	d.cursor += int64(line)
	d.unread--
	return Delivery{r.message(), t}, nil
}

// takeReturned lends a message out again.
func (d *Disk) takeReturned() (Delivery, error) {
	s, t, _ := d.loans.take()
	once := readAhead{buf: make([]byte, 0, s.line)} // leaves the other where it is needed next
	r, _, err := d.read(&once, s.pos, s.pos+int64(s.line))
	if err != nil {
		d.loans.giveBack(t)
		return Delivery{}, err
	}
	return Delivery{r.message(), t}, nil
}

// readAhead is a piece of the file: the lines after pos, whole or not.
type readAhead struct {
	buf []byte
	pos int64
}

// readAheadSize is how much of the file is read at a time.
const readAheadSize = 64 << 10

// read returns the record at pos, which lies before end, and the length of its line. The record aliases
// a's buffer. A record that isn't what was written poisons the store: opening it again sets it aside.
func (d *Disk) read(a *readAhead, pos, end int64) (r record, line int, err error) {
	text, err := d.readLine(a, pos, end)
	if err != nil {
		return record{}, 0, fmt.Errorf("store: read: %w", err)
	}
	r, ok := parseRecord(text)
	if !ok {
		return record{}, 0, d.poison("read", fmt.Errorf("damaged record at offset %d", pos-d.shift))
	}
	return r, len(text) + 1, nil
}

// readLine returns the line at pos without its newline; all there is before end if it has none.
func (d *Disk) readLine(a *readAhead, pos, end int64) ([]byte, error) {
	if from := pos - a.pos; from >= 0 && from < int64(len(a.buf)) {
		if n := bytes.IndexByte(a.buf[from:], '\n'); n >= 0 {
			return a.buf[from:][:n], nil
		}
	}
	for size := int64(readAheadSize); ; size *= 4 {
		size = min(size, end-pos)
		if int64(cap(a.buf)) < size || cap(a.buf) > keepScratch && size <= readAheadSize {
			a.buf = make([]byte, max(size, readAheadSize))
		}
		a.pos, a.buf = pos, a.buf[:size]
		if err := readFull(d.file, a.buf, pos-d.shift); err != nil {
			a.buf = a.buf[:0]
			return nil, err
		}
		if n := bytes.IndexByte(a.buf, '\n'); n >= 0 {
			return a.buf[:n], nil
		}
		if size == end-pos {
			return a.buf, nil
		}
	}
}

// Return is Store's.
func (d *Disk) Return(t Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loans.giveBack(t.ticket) {
		d.takers.wake(1)
	}
}

// Ack is Store's. The message is gone from the file, too, when everything before it is acknowledged.
func (d *Disk) Ack(t Delivery) error {
	d.mu.Lock()
	err := d.ack(t.ticket)
	compact := err == nil && d.wantsCompaction()
	d.mu.Unlock()
	if compact {
		d.env.spawn(d.compactQuietly)
	}
	return err
}

func (d *Disk) ack(t ticket) error {
	if d.end != nil {
		return d.end
	}
	s := d.loans.done(t)
	if s == nil {
		return ErrNotTaken
	}
	d.room.release(1, int64(s.item.size))
	return d.blankHead()
}

// acknowledged reports whether the record at pos, between head and visible, waits for those before it
// to be blanked. Spans lie in the order of their positions.
func (d *Disk) acknowledged(pos int64) bool {
	lo, hi := d.loans.head, d.loans.end
	for lo < hi {
		mid := lo + (hi-lo)/2
		if d.loans.at(mid).item.pos < pos {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < d.loans.end && d.loans.at(lo).item.pos == pos && d.loans.at(lo).state == slotDone
}

// blankHead blanks the acknowledged run at the head. A run longer than keepScratch is blanked in pieces,
// each of which leaves the file in order.
func (d *Disk) blankHead() error {
	from, blanks := d.head, d.scratch[:0]
	for {
		s, ok := d.loans.pop()
		if ok {
			d.head += int64(s.line)
			blanks = appendBlanks(blanks, s.line)
			if len(blanks) < keepScratch {
				continue
			}
		}
		if len(blanks) == 0 {
			return nil
		}
		if err := d.overwrite(from, blanks); err != nil {
			return err
		}
		from, blanks = d.head, blanks[:0]
	}
}

// appendBlanks appends what is left of a line of n bytes.
func appendBlanks(dst []byte, n int) []byte {
	for ; n > len(spaces)+1; n -= len(spaces) {
		dst = append(dst, spaces...)
	}
	dst = append(dst, spaces[:n-1]...)
	return append(dst, '\n')
}

const spaces = "                                                                " +
	"                                                                "

// overwrite writes the blanks, and the lead of the record behind them, which is the first from now on.
func (d *Disk) overwrite(from int64, blanks []byte) error {
	if d.head < d.tail {
		blanks = append(blanks, leadFirst)
	}
	d.scratch = keep(blanks)
	if _, err := d.file.WriteAt(blanks, from-d.shift); err != nil {
		return d.poison("acknowledge", err)
	}
	d.changed()
	return nil
}

// drop is tenant's.
func (d *Disk) drop() error {
	t, err := d.take()
	if errors.Is(err, ErrEmpty) {
		return fmt.Errorf("%w: every message is lent out", ErrFull)
	}
	if err != nil {
		return err
	}
	return d.ack(t.ticket)
}
