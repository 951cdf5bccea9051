package handshake

import (
	"slices"
	"strings"
)

const (
	protocolField  = "Sec-WebSocket-Protocol"
	extensionField = "Sec-WebSocket-Extensions"
)

// subprotocol chooses among those that the fields offer; "" is none (RFC 6455 §4.2.2).
func (p *Policy) subprotocol(fields []Field) (string, error) {
	best, n := len(p.Subprotocols), 0
	var offered []string // for SelectSubprotocol only
	for i := range fields {
		if !equalFold(fields[i].Name, protocolField) {
			continue
		}
		for token, rest, ok := nextToken(fields[i].Value); n < maxOffers; token, rest, ok = nextToken(rest) {
			if !ok {
				return "", ErrSubprotocol
			}
			if token == "" {
				break
			}
			n++
			if p.SelectSubprotocol != nil {
				offered = append(offered, token)
			} else if at := slices.Index(p.Subprotocols, token); at >= 0 {
				best = min(best, at)
			}
		}
	}
	if p.SelectSubprotocol != nil {
		return p.selected(offered)
	}
	if best < len(p.Subprotocols) {
		return p.Subprotocols[best], nil
	}
	return "", nil
}

// selected asks the callback, and holds it to the offers. The choice is copied: as a part of the
// header block it would keep all of that alive as long as the connection.
func (p *Policy) selected(offered []string) (string, error) {
	choice := p.SelectSubprotocol(offered)
	if choice != "" && !slices.Contains(offered, choice) {
		return "", ErrSubprotocolChoice
	}
	return strings.Clone(choice), nil
}

// extensions accepts the first offer of permessage-deflate that the policy can agree to
// (RFC 7692 §7) and passes over all other extensions.
func (p *Policy) extensions(fields []Field, a *Accepted) error {
	n := 0
	for i := range fields {
		if !equalFold(fields[i].Name, extensionField) {
			continue
		}
		for e, rest, ok := nextExtension(fields[i].Value); n < maxOffers; e, rest, ok = nextExtension(rest) {
			if !ok {
				return ErrExtension // RFC 6455 §9.1
			}
			if e.name == "" {
				break
			}
			n++
			p.consider(&e, a)
		}
	}
	return nil
}

// consider agrees to e if nothing was agreed to before and it is acceptable.
func (p *Policy) consider(e *extension, a *Accepted) {
	if p.Deflate == nil || a.Compressed || e.name != deflateName {
		return
	}
	offer, ok := parseDeflate(e)
	if !ok {
		return
	}
	if a.Deflate, a.Compressed = p.Deflate.accept(offer); a.Compressed {
		a.nameServerBits = offer.ServerMaxWindowBits != 0
	}
}
