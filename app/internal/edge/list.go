package edge

import (
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// backwards reads the list in all fields of a name, from its end (RFC 9110 §5.6.1). It is for the
// lists of proxies: each hop appends to the right.
type backwards struct {
	fields []handshake.Field // those not begun
	name   string
	line   string // what is left of the field begun
}

// next returns the last entry not yet returned, without the spaces around it; ok is false when there
// is none left. Empty entries are passed over.
func (b *backwards) next() (entry string, ok bool) {
	for {
		for b.line != "" {
			if b.line, entry = cutLast(b.line); entry != "" {
				return entry, true
			}
		}
		if !b.previousField() {
			return "", false
		}
	}
}

func (b *backwards) previousField() bool {
	for n := len(b.fields); n > 0; n = len(b.fields) {
		f := &b.fields[n-1]
		b.fields = b.fields[:n-1]
		if equalFold(f.Name, b.name) {
			b.line = f.Value
			return true
		}
	}
	return false
}

// cutLast cuts at the last comma outside quotation marks, as they stand seen from the right: what is
// well-formed there is read well, whatever stands to the left of it. A quoted-pair may mislead it; but
// an entry with one isn't believed anyway.
func cutLast(list string) (rest, entry string) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[:i], trimSpace(list[i+1:])
		}
	}
	return "", trimSpace(list)
}

// trimSpace takes spaces and tabs off both ends (RFC 9110 §5.6.3).
func trimSpace(s string) string { return strings.Trim(s, " \t") }
