package store

import (
	"bytes"
	"errors"
	"io"
)

// The file's frame. Records stand between them, each on a line of its own.
const (
	opening = "[\n"
	closing = "]\n"
)

// lineKind is what one line of the file is, looked at by itself.
type lineKind uint8

const (
	lineRecord  lineKind = iota // a record, and newer than those before
	lineBlank                   // nothing but spaces
	lineOpening                 // the bracket
	lineClosing                 // the bracket
	lineHusk                    // holds nothing that could be part of a message, yet has no business there
	lineJunk                    // anything else
)

// readLines calls visit with each line of the first size bytes of f and its newline; the last line may
// lack one. line is valid until visit returns.
func readLines(f io.ReaderAt, size int64, visit func(line []byte) error) error {
	buf := make([]byte, 0, min(size, 256<<10))
	for off := int64(0); ; {
		rest := buf
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			if err := visit(rest[:i+1]); err != nil {
				return err
			}
			rest = rest[i+1:]
		}
		if off == size {
			if len(rest) == 0 {
				return nil
			}
			return visit(rest)
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if len(buf) == cap(buf) { // one line fills it
			buf = append(buf, 0)[:len(buf)]
		}
		n := int(min(int64(cap(buf)-len(buf)), size-off))
		if err := readFull(f, buf[len(buf):len(buf)+n], off); err != nil {
			return err
		}
		buf = buf[:len(buf)+n]
		off += int64(n)
	}
}

// readFull reads all of p, or fails.
func readFull(f io.ReaderAt, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// survey is what reading the whole file tells.
type survey struct {
	clean bool // every line is where the format wants it

	head    int64 // offset of the first record, the bracket's if there is none; only if clean
	tail    int64 // offset of the closing bracket; only if clean
	records int
	payload int64  // bytes of the records' objects
	blank   int64  // bytes of blank lines
	lastSeq uint64 // highest sequence of a record
	junk    int64  // bytes of junk lines

	place place
	off   int64
}

// place is how far into the format's frame the lines seen so far reach.
type place uint8

const (
	beforeOpening place = iota
	beforeRecords
	inRecords
	afterClosing
)

// scan surveys the first size bytes of f and calls visit, if there is one, with each line, its newline
// and its kind.
func scan(f io.ReaderAt, size int64, visit func(line []byte, kind lineKind, r record) error) (survey, error) {
	s := survey{clean: true}
	err := readLines(f, size, func(line []byte) error {
		kind, r := s.classify(line)
		s.clean = s.advance(line, kind) && s.clean
		s.count(line, kind, r)
		if visit == nil {
			return nil
		}
		return visit(line, kind, r)
	})
	s.clean = s.clean && s.place == afterClosing
	return s, err
}

// classify tells a line's kind. A record whose sequence doesn't rise is junk: the disk has given back
// something it should have forgotten.
func (s *survey) classify(line []byte) (lineKind, record) {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if r, ok := parseRecord(text); ok && r.seq > s.lastSeq {
		return lineRecord, r
	}
	switch string(line) {
	case opening:
		return lineOpening, record{}
	case closing:
		return lineClosing, record{}
	}
	switch rest := bytes.TrimLeft(text, " "); {
	case len(rest) == 0 && ended:
		return lineBlank, record{}
	case len(bytes.Trim(rest, " ,[]\r\x00")) == 0:
		return lineHusk, record{}
	}
	return lineJunk, record{}
}

// advance moves on by one line and reports whether it may stand there.
func (s *survey) advance(line []byte, kind lineKind) (fits bool) {
	off := s.off
	s.off += int64(len(line))
	switch kind {
	case lineOpening:
		fits = s.place == beforeOpening
		s.place, s.head = beforeRecords, s.off
	case lineBlank:
		fits = s.place == beforeRecords
		s.head = s.off
	case lineRecord:
		fits = s.place == beforeRecords && line[0] == leadFirst || s.place == inRecords && line[0] == leadNext
		s.place = inRecords
	case lineClosing:
		fits = s.place == beforeRecords || s.place == inRecords
		s.place, s.tail = afterClosing, off
	}
	return fits
}

func (s *survey) count(line []byte, kind lineKind, r record) {
	switch kind {
	case lineRecord:
		s.records++
		s.payload += int64(r.size())
		s.lastSeq = r.seq
	case lineBlank:
		s.blank += int64(len(line))
	case lineJunk:
		s.junk += int64(len(line))
	}
}
