package edge

import (
	"net/netip"

	"github.com/godwit-ws/godwit/handshake"
)

// xForwarded reads the family of X-Forwarded-For, -Proto and -Host.
func (t Trust) xForwarded(direct netip.AddrPort, fields []handshake.Field) account {
	a := account{addr: direct}
	list := backwards{fields: fields, name: "X-Forwarded-For"}
	believed := 0 // entries from the right
	for !a.present || t.Contains(a.addr.Addr()) {
		entry, ok := list.next()
		if !ok {
			break
		}
		a.present = true
		node, ok := parseNode(entry)
		if !ok {
			break
		}
		believed++
		if !node.IsValid() {
			break
		}
		a.addr = node
	}
	switch {
	case believed > 0:
		a.scheme, a.host = entryAt(fields, "X-Forwarded-Proto", believed-1), entryAt(fields, "X-Forwarded-Host", believed-1)
	case !a.present:
		a.scheme, a.host = entryAt(fields, "X-Forwarded-Proto", 0), entryAt(fields, "X-Forwarded-Host", 0)
		a.present = a.scheme != "" || a.host != ""
	}
	return a
}

// entryAt returns the entry of a list with i others to its right, or its only one, or "".
func entryAt(fields []handshake.Field, name string, i int) string {
	list := backwards{fields: fields, name: name}
	last, ok := list.next()
	if !ok || i == 0 {
		return last
	}
	for n := 1; ; n++ {
		entry, ok := list.next()
		switch {
		case !ok && n == 1:
			return last
		case !ok || n == i:
			return entry
		}
	}
}
