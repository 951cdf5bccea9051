package store

import (
	"bytes"
	"hash/crc32"
	"strconv"
)

// A record is one line of the file (its newline is no part of what these functions see as the line):
//
//	lead  object without its '}'  ,"_seq":N,"_crc":"xxxxxxxx"}
//	1     size-1                  tail; no comma if the object is {}
//
// Everything is found by position from the end, so a message may hold keys of the same names.
const (
	seqKey  = `"_seq":`
	crcKey  = `,"_crc":"`
	crcSize = 8 // hexadecimal digits
	ending  = `"}`

	leadFirst = ' '
	leadNext  = ','
)

// record is a line taken apart. Both slices alias it.
type record struct {
	seq    uint64
	digits []byte // of seq
	open   []byte // the object without its closing brace
}

// size is how long the object is.
func (r record) size() int { return len(r.open) + 1 }

// message returns a copy of the object with its sequence.
func (r record) message() Message {
	p := make([]byte, r.size())
	copy(p, r.open)
	p[len(p)-1] = '}'
	return Message{Seq: r.seq, Payload: p}
}

// appendRecord appends o's record with leadNext, and its newline.
func appendRecord(dst []byte, o object, seq uint64) []byte {
	dst = append(dst, leadNext)
	start := len(dst)
	dst = o.appendTo(dst)
	dst = dst[:len(dst)-1]
	end := len(dst)
	if o.size > len("{}") {
		dst = append(dst, ',')
	}
	dst = append(dst, seqKey...)
	digits := len(dst)
	dst = strconv.AppendUint(dst, seq, 10)
	sum := checksum(dst[start:end], dst[digits:])
	dst = append(dst, crcKey...)
	dst = appendHex(dst, sum)
	dst = append(dst, ending...)
	return append(dst, '\n')
}

// checksum is the CRC-32 of an object, given without its closing brace, and the digits of its sequence.
// The few bytes that don't lie behind the object go in one by one, so that nothing need be copied.
func checksum(open, digits []byte) uint32 {
	crc := ^crc32.ChecksumIEEE(open)
	crc = crc32.IEEETable[byte(crc)^'}'] ^ crc>>8
	for _, b := range digits {
		crc = crc32.IEEETable[byte(crc)^b] ^ crc>>8
	}
	return ^crc
}

func appendHex(dst []byte, sum uint32) []byte {
	const hex = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hex[sum>>shift&15])
	}
	return dst
}

// parseRecord takes line apart if its lead byte, its keys and its checksum are right. A checksum that
// holds vouches for the object: it isn't read as JSON again.
func parseRecord(line []byte) (r record, ok bool) {
	if len(line) == 0 || line[0] != leadFirst && line[0] != leadNext {
		return record{}, false
	}
	r, sum, ok := cutTail(line[1:])
	if !ok || !isChecksum(sum, checksum(r.open, r.digits)) {
		return record{}, false
	}
	return r, true
}

// cutTail finds the two keys at the end of an object and returns what is before and in them. It doesn't
// look at the checksum, whose digits it returns.
func cutTail(obj []byte) (r record, sum []byte, ok bool) {
	rest, found := bytes.CutSuffix(obj, []byte(ending))
	if !found || len(rest) < crcSize {
		return record{}, nil, false
	}
	rest, sum = rest[:len(rest)-crcSize], rest[len(rest)-crcSize:]
	if rest, found = bytes.CutSuffix(rest, []byte(crcKey)); !found {
		return record{}, nil, false
	}
	n := len(rest)
	for n > 0 && isDigit(rest[n-1]) {
		n--
	}
	rest, r.digits = rest[:n], rest[n:]
	if r.seq, ok = parseSeq(r.digits); !ok {
		return record{}, nil, false
	}
	if rest, found = bytes.CutSuffix(rest, []byte(seqKey)); !found {
		return record{}, nil, false
	}
	r.open, ok = cutComma(rest)
	return r, sum, ok
}

// cutComma takes the comma between object and tail away: there is one unless the object is {}.
func cutComma(p []byte) (open []byte, ok bool) {
	if len(p) == 1 {
		return p, p[0] == '{'
	}
	open, ok = bytes.CutSuffix(p, []byte(","))
	return open, ok && len(open) > 1 && open[0] == '{'
}

// parseSeq reads a sequence as appendRecord writes it: no leading zero, at most 64 bits, not 0.
func parseSeq(digits []byte) (seq uint64, ok bool) {
	if len(digits) == 0 || len(digits) > 20 || digits[0] == '0' {
		return 0, false
	}
	for _, b := range digits {
		d := uint64(b - '0')
		if seq > (1<<64-1-d)/10 {
			return 0, false
		}
		seq = seq*10 + d
	}
	return seq, true
}

func isChecksum(digits []byte, sum uint32) bool {
	var want [crcSize]byte
	return string(digits) == string(appendHex(want[:0], sum))
}

// looksLikeRecord reports whether obj was probably written as a record, whatever happened to it since:
// the fixed bytes of its tail mostly stand where they would with a sequence of some length. Importing a
// damaged record as if it were a stranger's object would hand out an altered message.
func looksLikeRecord(obj []byte) bool {
	for digits := 1; digits <= 20; digits++ {
		if tailLikeness(obj, digits) >= (len(seqKey)+len(crcKey)+len(ending))/2 {
			return true
		}
	}
	return false
}

// tailLikeness counts the bytes of a tail with that many digits that obj has in the same place.
func tailLikeness(obj []byte, digits int) (n int) {
	at := len(obj)
	for _, part := range []struct {
		text string
		skip int // what varies behind it
	}{{ending, 0}, {crcKey, crcSize}, {seqKey, digits}} {
		at -= part.skip + len(part.text)
		if at < 0 {
			return n
		}
		for i := range len(part.text) {
			if obj[at+i] == part.text[i] {
				n++
			}
		}
	}
	return n
}
