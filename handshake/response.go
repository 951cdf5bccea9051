package handshake

import (
	"fmt"
	"iter"
	"strings"
)

// Response is the head of a server's answer. The zero value is empty and ready for Parse.
type Response struct {
	Proto  string  // "HTTP/1.1"
	Status int     // 100 to 999
	Reason string  // as sent; may be empty
	Fields []Field // in order; the memory is reused by Parse
}

// Parse fills r from block: a whole header block with its empty line, as HeaderEnd delimits it
// (RFC 9112 §4, §5). Strings are parts of block. The syntax is as strict as that of requests,
// except that the space before an empty reason may be missing. Faults are ErrSyntax and, past 128
// fields, ErrHeaderTooLarge; r is empty after either.
func (r *Response) Parse(block string) error {
	r.reset()
	line, rest, ok := strings.Cut(block, "\r\n")
	if !ok {
		return fmt.Errorf("%w: no status line", ErrSyntax)
	}
	if err := r.parseLine(line); err != nil {
		return err
	}
	var err error
	if r.Fields, err = parseFields(r.Fields, rest); err != nil {
		r.reset()
	}
	return err
}

func (r *Response) reset() {
	clear(r.Fields)
	*r = Response{Fields: r.Fields[:0]}
}

// parseLine parses HTTP/1.x SP 3DIGIT [SP reason] (RFC 9112 §4).
func (r *Response) parseLine(line string) error {
	proto, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	if !isHTTP1(proto) {
		return fmt.Errorf("%w: status line does not begin with HTTP/1.1", ErrSyntax)
	}
	if len(code) != 3 || code[0] == '0' || !all(code, isDigit) {
		return fmt.Errorf("%w: status is not three digits", ErrSyntax)
	}
	if !all(reason, isValueByte) {
		return fmt.Errorf("%w: control character in the reason", ErrSyntax)
	}
	r.Proto, r.Reason = proto, reason
	r.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return nil
}

// Get returns the value of the first field called name, in any case of letters, or "".
func (r *Response) Get(name string) string { return get(r.Fields, name) }

// Values yields the values of all fields called name, in any case of letters and in order.
func (r *Response) Values(name string) iter.Seq[string] { return values(r.Fields, name) }
