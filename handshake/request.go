package handshake

import (
	"fmt"
	"iter"
	"strings"
)

// Request is an HTTP request's head. The zero value is empty and ready for Parse or Add.
type Request struct {
	Method string  // a token, such as "GET"; case matters
	Target string  // as sent: a path with query, or an absolute URL
	Proto  string  // "HTTP/1.1"
	Fields []Field // in order; the memory is reused by Parse and Reset
}

// Parse fills r from block: a whole header block with its empty line, as HeaderEnd delimits it
// (RFC 9112 §3, §5). Every string of r is a part of block; nothing is allocated per field, and
// nothing at all once Fields has grown. After an error r is empty.
//
// It takes HTTP/1.0 to HTTP/1.9; which of them is acceptable, and in which form the target, is
// Check's business. Anything but strict syntax is ErrSyntax; more than 128 fields ErrHeaderTooLarge.
func (r *Request) Parse(block string) error {
	r.Reset()
	line, rest, ok := strings.Cut(block, "\r\n")
	if !ok {
		return fmt.Errorf("%w: no request line", ErrSyntax)
	}
	if err := r.parseLine(line); err != nil {
		return err
	}
	if n := strings.Count(rest, "\n") - 1; cap(r.Fields) < n {
		r.Fields = make([]Field, 0, min(n, maxFields))
	}
	var err error
	if r.Fields, err = parseFields(r.Fields, rest); err != nil {
		r.Reset()
	}
	return err
}

// parseLine parses METHOD SP target SP HTTP/1.x (RFC 9112 §3): one space each, and none elsewhere,
// which the byte checks of the three parts see to.
func (r *Request) parseLine(line string) error {
	method, rest, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(rest, " ")
	if !isToken(method) {
		return fmt.Errorf("%w: method is no token", ErrSyntax)
	}
	if target == "" || !all(target, isTargetByte) {
		return fmt.Errorf("%w: request target is empty or has a space, control character or fragment", ErrSyntax)
	}
	if !isHTTP1(proto) {
		return fmt.Errorf("%w: request line does not end in HTTP/1.1", ErrSyntax)
	}
	r.Method, r.Target, r.Proto = method, target, proto
	return nil
}

// isHTTP1 accepts HTTP/1 with one digit of minor version (RFC 9112 §2.3).
func isHTTP1(proto string) bool {
	return len(proto) == len("HTTP/1.1") && proto[:7] == "HTTP/1." && isDigit(proto[7])
}

// Reset empties r and keeps the memory of Fields.
func (r *Request) Reset() {
	clear(r.Fields)
	*r = Request{Fields: r.Fields[:0]}
}

// Add appends a field, for requests that another HTTP implementation has parsed. It checks nothing.
// net/http takes Host, Content-Length and Transfer-Encoding out of its Header: add them back, or
// Check cannot see them.
func (r *Request) Add(name, value string) {
	r.Fields = append(r.Fields, Field{Name: name, Value: value})
}

// Get returns the value of the first field called name, in any case of letters, or "".
func (r *Request) Get(name string) string { return get(r.Fields, name) }

// Values yields the values of all fields called name, in any case of letters and in order.
func (r *Request) Values(name string) iter.Seq[string] { return values(r.Fields, name) }

// Host returns the value of the Host field, or "". Check has validated it; before, it is what the
// peer sent.
func (r *Request) Host() string { return r.Get("Host") }

// Path returns the target's path as sent, without query and not unescaped. An absolute target with
// an empty path has the path "/".
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.relative(), "?")
	if path == "" {
		return "/"
	}
	return path
}

// RawQuery returns what follows the target's first '?', as sent, or "".
func (r *Request) RawQuery() string {
	_, query, _ := strings.Cut(r.relative(), "?")
	return query
}

// relative returns the target without scheme and authority.
func (r *Request) relative() string {
	if _, _, rest, ok := splitAbsolute(r.Target); ok {
		return rest
	}
	return r.Target
}

// splitAbsolute takes an absolute target to pieces (RFC 9112 §3.2.2). rest begins with '/' or '?'
// or is empty.
func splitAbsolute(target string) (scheme, authority, rest string, ok bool) {
	if target == "" || target[0] == '/' {
		return "", "", "", false
	}
	scheme, rest, ok = strings.Cut(target, "://")
	if !ok || !isScheme(scheme) {
		return "", "", "", false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	return scheme, rest[:end], rest[end:], true
}

// isScheme reports whether s is a URI scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	if s == "" || !isAlpha(s[0]) {
		return false
	}
	return all(s, func(c byte) bool { return isAlpha(c) || isDigit(c) || c == '+' || c == '-' || c == '.' })
}

func isAlpha(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }
