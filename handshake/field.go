package handshake

import (
	"fmt"
	"iter"
	"strings"
)

// maxFields bounds the fields of one header: a Field takes 32 bytes where the wire needs 4.
const maxFields = 128

// Field is one header field (RFC 9110 §5).
type Field struct {
	Name  string // as sent; compared without regard to the case of ASCII letters
	Value string // without spaces and tabs at its ends, where Parse has made it
}

// first returns the value of the first field called name, and whether there is one.
func first(fields []Field, name string) (string, bool) {
	for i := range fields {
		if equalFold(fields[i].Name, name) {
			return fields[i].Value, true
		}
	}
	return "", false
}

// get returns the value of the first field called name, or "".
func get(fields []Field, name string) string {
	v, _ := first(fields, name)
	return v
}

// values yields the values of all fields called name, in order.
func values(fields []Field, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range fields {
			if equalFold(fields[i].Name, name) && !yield(fields[i].Value) {
				return
			}
		}
	}
}

// parseFields appends the fields of block, which begins after the start line and must end with the
// empty line, to dst (RFC 9112 §5). The strings are parts of block. At most maxFields are taken.
func parseFields(dst []Field, block string) ([]Field, error) {
	for {
		line, rest, ok := strings.Cut(block, "\r\n")
		if !ok {
			return dst, fmt.Errorf("%w: no empty line at its end", ErrSyntax)
		}
		if line == "" {
			if rest != "" {
				return dst, fmt.Errorf("%w: bytes after the empty line", ErrSyntax)
			}
			return dst, nil
		}
		if len(dst) == maxFields {
			return dst, fmt.Errorf("%w: more than %d fields", ErrHeaderTooLarge, maxFields)
		}
		f, err := parseField(line)
		if err != nil {
			return dst, err
		}
		dst, block = append(dst, f), rest
	}
}

// parseField parses one line without its CRLF. A folded line begins with a space and a name with a
// space before its colon holds one, so both fail as names that are no tokens (RFC 9112 §5.1, §5.2).
func parseField(line string) (Field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return Field{}, fmt.Errorf("%w: field without a colon", ErrSyntax)
	}
	if !isToken(name) {
		return Field{}, fmt.Errorf("%w: field name is no token", ErrSyntax)
	}
	if !all(value, isValueByte) {
		return Field{}, fmt.Errorf("%w: control character in a field value", ErrSyntax)
	}
	return Field{Name: name, Value: trimOWS(value)}, nil
}

// Check reports whether f may be added to a handshake: ErrHeaderField says that its name is no token
// or is one that the handshake writes itself, or that its value holds a control character.
func (f Field) Check() error {
	switch {
	case !isToken(f.Name):
		return fmt.Errorf("%w: name %.64q is no token", ErrHeaderField, f.Name)
	case isReserved(f.Name):
		return fmt.Errorf("%w: %s is reserved", ErrHeaderField, f.Name)
	case !all(f.Value, isValueByte):
		return fmt.Errorf("%w: control character in the value of %s", ErrHeaderField, f.Name)
	}
	return nil
}

// isReserved reports whether the handshake writes name itself, or name would change where the
// message ends.
func isReserved(name string) bool {
	const prefix = "Sec-WebSocket-"
	if len(name) >= len(prefix) && equalFold(name[:len(prefix)], prefix) {
		return true
	}
	return equalFold(name, "Connection") || equalFold(name, "Content-Length") || equalFold(name, "Host") ||
		equalFold(name, "Transfer-Encoding") || equalFold(name, "Upgrade")
}
