package edge

import (
	"net/netip"
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// forwarded reads the family of RFC 7239.
func (t Trust) forwarded(direct netip.AddrPort, fields []handshake.Field) account {
	a := account{addr: direct}
	list := backwards{fields: fields, name: "Forwarded"}
	for {
		entry, ok := list.next()
		if !ok {
			return a
		}
		a.present = true
		var hop element
		if !hop.parse(entry) {
			return a
		}
		node, ok := parseNode(hop.node)
		if !ok {
			return a
		}
		a.scheme, a.host = hop.proto, hop.host
		if !node.IsValid() {
			return a
		}
		if a.addr = node; !t.Contains(node.Addr()) {
			return a
		}
	}
}

// element is what matters of a forwarded-element (RFC 7239 §4). What isn't given is "".
type element struct {
	node, proto, host string
}

// parse reads name=value pairs between semicolons. Beyond the grammar it takes spaces around
// semicolons, and values that hold a colon or brackets without being quoted: both are common, and can't
// be read in another way. An unknown parameter is passed over.
func (e *element) parse(s string) bool {
	for s != "" {
		if s[0] == ';' || s[0] == ' ' || s[0] == '\t' {
			s = s[1:]
			continue
		}
		name, after, ok := strings.Cut(s, "=")
		if !ok || name == "" || strings.ContainsAny(name, "\";\\ \t") {
			return false
		}
		value, rest, ok := cutValue(after)
		if !ok || !e.set(name, value) {
			return false
		}
		s = rest
	}
	return true
}

// set keeps a parameter. It may stand once (RFC 7239 §4).
func (e *element) set(name, value string) bool {
	var field *string
	switch {
	case equalFold(name, "for"):
		field = &e.node
	case equalFold(name, "proto"):
		field = &e.proto
	case equalFold(name, "host"):
		field = &e.host
	default:
		return true
	}
	if *field != "" {
		return false
	}
	*field = value
	return true
}

// cutValue takes a value, quoted or not, off the front of s. It isn't empty, and holds no quotation
// mark and no backslash: no address, scheme or host needs one. rest is empty or begins with a semicolon.
func cutValue(s string) (value, rest string, ok bool) {
	if quoted, isQuoted := strings.CutPrefix(s, `"`); isQuoted {
		if value, rest, ok = strings.Cut(quoted, `"`); !ok {
			return "", "", false
		}
		if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ';' {
			return "", "", false
		}
		return value, rest, value != "" && !strings.Contains(value, `\`)
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	value = strings.TrimRight(s[:end], " \t")
	return value, s[end:], value != "" && !strings.ContainsAny(value, "\"\\= \t")
}
