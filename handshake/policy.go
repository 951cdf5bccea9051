package handshake

import (
	"fmt"
	"slices"
)

// Policy is what a server accepts. The zero value accepts requests of the same origin or without
// one, chooses no subprotocol and declines compression. It may be shared, and must not be changed
// while it is.
type Policy struct {
	// Origins says which pages may connect.
	Origins Origins
	// Subprotocols are the server's, in its order of preference: the first that the client offers too
	// is chosen. A client that offers none of them is accepted without one (RFC 6455 §4.2.2).
	Subprotocols []string
	// SelectSubprotocol decides in place of Subprotocols if it is set. It gets the client's offers in
	// the client's order (at most 32, perhaps none; not to be kept) and returns one of them, or "" for
	// none. Any other answer makes Check fail with ErrSubprotocolChoice.
	SelectSubprotocol func(offered []string) string
	// Deflate is how permessage-deflate is answered; nil declines it.
	Deflate *DeflatePolicy
}

// Accepted is what an opening handshake agreed on.
type Accepted struct {
	AcceptKey   string  // the value of Sec-WebSocket-Accept
	Subprotocol string  // "" is none
	Compressed  bool    // permessage-deflate was agreed on, with the parameters in Deflate
	Deflate     Deflate // the zero value unless Compressed

	// nameServerBits: the client asked for server_max_window_bits, and only an answer with that
	// parameter accepts this, even for the default value (RFC 7692 §7.1.2.1).
	nameServerBits bool
}

// Validate reports the first mistake in the policy's configuration: a malformed origin pattern, a
// subprotocol that is no token or is listed twice, a window outside 8 to 15. Call it once; Check
// doesn't.
func (p *Policy) Validate() error {
	if err := p.Origins.Validate(); err != nil {
		return err
	}
	for i, s := range p.Subprotocols {
		if !isToken(s) {
			return fmt.Errorf("handshake: subprotocol %q is no token", s)
		}
		if slices.Contains(p.Subprotocols[:i], s) {
			return fmt.Errorf("handshake: subprotocol %q is listed twice", s)
		}
	}
	if p.Deflate != nil {
		return p.Deflate.Validate()
	}
	return nil
}
