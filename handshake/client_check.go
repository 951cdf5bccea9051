package handshake

import (
	"fmt"
	"slices"
)

// Check judges a server's answer to c (RFC 6455 §4.1) and returns what was agreed on. A status other
// than 101 is a *StatusError, to be handled by whoever follows redirects or authenticates. The other
// faults mean that the connection must be closed: ErrHTTPVersion, ErrUpgrade, ErrAccept,
// ErrSubprotocol and ErrExtension. A Content-Length in a 101 means nothing (RFC 9112 §6.3) and is
// ignored.
func (c *ClientRequest) Check(resp *Response) (Accepted, error) {
	if resp.Status != 101 {
		return Accepted{}, &StatusError{Status: resp.Status, Reason: resp.Reason}
	}
	if !isHTTP1(resp.Proto) || resp.Proto == "HTTP/1.0" {
		return Accepted{}, ErrHTTPVersion
	}
	g := gatherAnswer(resp.Fields)
	// Here Upgrade is the one protocol that was switched to, not a list.
	if g.upgrade.n != 1 || !equalFold(g.upgrade.value, "websocket") || !g.connection {
		return Accepted{}, ErrUpgrade
	}
	a := Accepted{AcceptKey: AcceptKey(c.Key)}
	if g.accept.n != 1 || g.accept.value != a.AcceptKey {
		return Accepted{}, ErrAccept
	}
	if g.protocol.n > 0 {
		at := slices.Index(c.Subprotocols, g.protocol.value)
		if at < 0 || g.protocol.n > 1 {
			return Accepted{}, fmt.Errorf("%w: the answer's was not asked for, or is there twice", ErrSubprotocol)
		}
		a.Subprotocol = c.Subprotocols[at] // ours, so that the answer's block is not kept alive
	}
	if err := c.checkExtensions(resp.Fields, &a); err != nil {
		return Accepted{}, err
	}
	return a, nil
}

// answered is what matters of an answer's fields, gathered in one pass.
type answered struct {
	upgrade, accept, protocol single
	connection                bool // Connection lists upgrade
}

func gatherAnswer(fields []Field) (g answered) {
	for i := range fields {
		name, value := fields[i].Name, fields[i].Value
		switch {
		case equalFold(name, "Upgrade"):
			g.upgrade.add(value)
		case equalFold(name, "Connection"):
			g.connection = g.connection || hasToken(value, "upgrade")
		case equalFold(name, "Sec-WebSocket-Accept"):
			g.accept.add(value)
		case equalFold(name, protocolField):
			g.protocol.add(value)
		}
	}
	return g
}

// checkExtensions takes at most one permessage-deflate, which has to fit an offer, and nothing else.
func (c *ClientRequest) checkExtensions(fields []Field, a *Accepted) error {
	for i := range fields {
		if !equalFold(fields[i].Name, extensionField) {
			continue
		}
		for e, rest, ok := nextExtension(fields[i].Value); !ok || e.name != ""; e, rest, ok = nextExtension(rest) {
			if !ok {
				return ErrExtension
			}
			if e.name != deflateName || a.Compressed {
				return fmt.Errorf("%w: %.64q was not offered, or is there twice", ErrExtension, e.name)
			}
			if a.Deflate, a.Compressed = c.agree(&e); !a.Compressed {
				return fmt.Errorf("%w: parameters fit no offer", ErrExtension)
			}
		}
	}
	return nil
}

// agree finds the first offer that the answer fits.
func (c *ClientRequest) agree(e *extension) (Deflate, bool) {
	answer, ok := parseDeflate(e)
	if !ok {
		return Deflate{}, false
	}
	for _, o := range c.Deflate {
		if d, ok := o.agree(answer); ok {
			return d, true
		}
	}
	return Deflate{}, false
}
