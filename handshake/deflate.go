package handshake

import "fmt"

const (
	deflateName = "permessage-deflate"

	minWindowBits = 8
	maxWindowBits = 15

	// defaultClientBits is the client's window where nothing else was asked for.
	defaultClientBits = 12
	// bitsAbsent is the ClientMaxWindowBits of an offer that doesn't name the parameter, and
	// bitsOpen of one that names it without a value.
	bitsAbsent = -1
	bitsOpen   = 0
)

// Deflate holds the parameters of permessage-deflate as both sides agreed on them (RFC 7692 §7.1).
type Deflate struct {
	ServerNoContextTakeover bool // the server forgets its window after each message
	ClientNoContextTakeover bool // the client forgets its window after each message
	ServerMaxWindowBits     int  // 8 to 15: the server refers back at most 1<<bits bytes
	ClientMaxWindowBits     int  // 8 to 15: the client refers back at most 1<<bits bytes
}

// DeflatePolicy is what a server wishes of permessage-deflate. The zero value accepts context
// takeover in both directions, with the largest window for what it sends, and with a window of 4 KiB
// for what it receives from a client that lets it choose.
type DeflatePolicy struct {
	ServerNoContextTakeover bool // forget our window after each message, whatever the client wants
	ClientNoContextTakeover bool // make the client forget its window after each message
	// ServerMaxWindowBits caps our own window, 8 to 15. 0 means 15.
	ServerMaxWindowBits int
	// ClientMaxWindowBits caps the client's window, 8 to 15, which each connection must hold to receive.
	// 0 means 12 where the client lets us choose and keeps its context, and 15 elsewhere. An offer that
	// doesn't let the server choose can't keep to any other cap below 15 and is declined.
	ClientMaxWindowBits int
}

// DeflateOffer is one offer of permessage-deflate in a client's request (RFC 7692 §7.1). The zero
// value asks for nothing and lets the server choose the client's window.
type DeflateOffer struct {
	ServerNoContextTakeover bool // ask the server to forget its window after each message
	ClientNoContextTakeover bool // promise to forget ours
	// ServerMaxWindowBits asks the server for a window of at most 1<<bits bytes, 8 to 15. 0 asks for
	// nothing; the server may still choose a smaller one.
	ServerMaxWindowBits int
	// ClientMaxWindowBits promises a window of at most 1<<bits bytes for us, 8 to 15. 0 promises
	// nothing but lets the server choose; negative doesn't let it.
	ClientMaxWindowBits int
}

// Validate reports a window outside 8 to 15.
func (p *DeflatePolicy) Validate() error {
	if !isBits(p.ServerMaxWindowBits) && p.ServerMaxWindowBits != 0 {
		return fmt.Errorf("handshake: ServerMaxWindowBits is %d, want 8 to 15, or 0", p.ServerMaxWindowBits)
	}
	if !isBits(p.ClientMaxWindowBits) && p.ClientMaxWindowBits != 0 {
		return fmt.Errorf("handshake: ClientMaxWindowBits is %d, want 8 to 15, or 0", p.ClientMaxWindowBits)
	}
	return nil
}

func isBits(n int) bool { return minWindowBits <= n && n <= maxWindowBits }

// orMax gives a cap its default.
func orMax(bits int) int {
	if bits <= 0 {
		return maxWindowBits
	}
	return bits
}

// clientCap caps the client's window. By default that is 1<<12 bytes where the client lets us choose
// and keeps its context: each connection holds a window of what it has received, and the full 32 KiB
// would be 320 MB for 10,000 connections while 4 KiB compress short messages nearly as well.
func (p *DeflatePolicy) clientCap(o DeflateOffer) int {
	switch {
	case p.ClientMaxWindowBits != 0:
		return p.ClientMaxWindowBits
	case o.ClientMaxWindowBits == bitsAbsent || o.ClientNoContextTakeover || p.ClientNoContextTakeover:
		return maxWindowBits
	}
	return defaultClientBits
}

// accept answers an offer; ok is false where it has to be declined.
func (p *DeflatePolicy) accept(o DeflateOffer) (d Deflate, ok bool) {
	clientCap := p.clientCap(o)
	if o.ClientMaxWindowBits == bitsAbsent && clientCap < maxWindowBits {
		return Deflate{}, false // naming a window now would break RFC 7692 §7.1.2.2
	}
	return Deflate{
		// An offered server_no_context_takeover is accepted by answering it (RFC 7692 §7.1.1.1).
		ServerNoContextTakeover: o.ServerNoContextTakeover || p.ServerNoContextTakeover,
		// An offered client_no_context_takeover is a promise that the answer may hold it to
		// (RFC 7692 §7.1.1.2).
		ClientNoContextTakeover: o.ClientNoContextTakeover || p.ClientNoContextTakeover,
		ServerMaxWindowBits:     min(orMax(o.ServerMaxWindowBits), orMax(p.ServerMaxWindowBits)),
		ClientMaxWindowBits:     min(orMax(o.ClientMaxWindowBits), clientCap),
	}, true
}

// agree checks a server's answer against the offer o and gives the parameters that follow from
// both; ok is false where the answer breaks the rules (RFC 7692 §7.1).
func (o DeflateOffer) agree(answer DeflateOffer) (d Deflate, ok bool) {
	if o.ServerNoContextTakeover && !answer.ServerNoContextTakeover {
		return Deflate{}, false // RFC 7692 §7.1.1.1
	}
	if o.ServerMaxWindowBits != 0 &&
		(answer.ServerMaxWindowBits == 0 || answer.ServerMaxWindowBits > o.ServerMaxWindowBits) {
		return Deflate{}, false // RFC 7692 §7.1.2.1
	}
	switch answer.ClientMaxWindowBits {
	case bitsAbsent:
	case bitsOpen:
		return Deflate{}, false // an answer names a value
	default:
		if o.ClientMaxWindowBits < 0 || answer.ClientMaxWindowBits > orMax(o.ClientMaxWindowBits) {
			return Deflate{}, false // RFC 7692 §7.1.2.2
		}
	}
	return Deflate{
		ServerNoContextTakeover: answer.ServerNoContextTakeover,
		ClientNoContextTakeover: answer.ClientNoContextTakeover || o.ClientNoContextTakeover,
		ServerMaxWindowBits:     orMax(answer.ServerMaxWindowBits),
		ClientMaxWindowBits:     min(orMax(answer.ClientMaxWindowBits), orMax(o.ClientMaxWindowBits)),
	}, true
}
