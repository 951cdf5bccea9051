package handshake

import "iter"

// AsksUpgrade reports whether r asks for a WebSocket at all: whether Upgrade lists websocket (RFC
// 6455 §4.2.1). A request that doesn't is an ordinary one, for whoever serves those; one that does
// may still be wrong, which Check finds. It allocates nothing.
func (r *Request) AsksUpgrade() bool {
	for i := range r.Fields {
		if equalFold(r.Fields[i].Name, "Upgrade") && hasToken(r.Fields[i].Value, "websocket") {
			return true
		}
	}
	return false
}

// Subprotocols yields the subprotocols that r offers, in its order of preference (RFC 6455 §4.1): those
// that Check looks at. They are parts of r.
func (r *Request) Subprotocols() iter.Seq[string] {
	return func(yield func(string) bool) {
		n := 0
		for i := range r.Fields {
			if !equalFold(r.Fields[i].Name, protocolField) {
				continue
			}
			for token, rest, ok := nextToken(r.Fields[i].Value); ok && token != "" && n < maxOffers; token, rest, ok = nextToken(rest) {
				if !yield(token) {
					return
				}
				n++
			}
		}
	}
}

// OffersSubprotocol reports whether r offers the subprotocol called name, among those that Check
// looks at. Case matters. It allocates nothing.
func (r *Request) OffersSubprotocol(name string) bool {
	for token := range r.Subprotocols() {
		if token == name {
			return true
		}
	}
	return false
}
