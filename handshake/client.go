package handshake

import (
	"fmt"
	"slices"
	"strings"
)

// ClientRequest is a client's opening request (RFC 6455 §4.1). Host, Target and Key are required.
type ClientRequest struct {
	Host         string         // host with an optional port; IPv6 addresses in brackets
	Target       string         // path and query, escaped, beginning with '/'
	Key          string         // from NewKey, of random bytes drawn for this connection
	Subprotocols []string       // wanted, in order of preference; tokens, none of them twice
	Deflate      []DeflateOffer // offers of permessage-deflate, in order of preference; none: no compression
	Fields       []Field        // further fields, such as Origin, Cookie, Authorization, User-Agent
}

// Append appends the request to dst. Whatever could change the request's shape is an error, and dst
// is returned as it was: ErrHost, ErrTarget (empty, not a path, or with a byte that has to be
// escaped), ErrKey, ErrSubprotocol, ErrExtension (a window outside 8 to 15), ErrHeaderField (as in
// AppendAccepted).
func (c *ClientRequest) Append(dst []byte) ([]byte, error) {
	if err := c.validate(); err != nil {
		return dst, err
	}
	dst = append(append(append(dst, "GET "...), c.Target...), " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", c.Host)
	dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"...)
	dst = appendField(dst, "Sec-WebSocket-Key", c.Key)
	if len(c.Subprotocols) > 0 {
		dst = appendField(dst, protocolField, strings.Join(c.Subprotocols, ", "))
	}
	for i, o := range c.Deflate {
		if i == 0 {
			dst = append(dst, extensionField+": "...)
		} else {
			dst = append(dst, ", "...)
		}
		dst = appendDeflate(dst, o)
	}
	if len(c.Deflate) > 0 {
		dst = append(dst, "\r\n"...)
	}
	for _, f := range c.Fields {
		dst = appendField(dst, f.Name, f.Value)
	}
	return append(dst, "\r\n"...), nil
}

// validate finds the first thing in c that may not be sent.
func (c *ClientRequest) validate() error {
	if _, _, ok := splitHost(c.Host); !ok {
		return fmt.Errorf("%w: %.128q", ErrHost, c.Host)
	}
	if !strings.HasPrefix(c.Target, "/") || !all(c.Target, isEscapedByte) {
		return fmt.Errorf("%w: %.128q", ErrTarget, c.Target)
	}
	if !isKey(c.Key) {
		return ErrKey
	}
	for i, s := range c.Subprotocols {
		if !isToken(s) || slices.Contains(c.Subprotocols[:i], s) {
			return fmt.Errorf("%w: %.64q is no token, or there twice", ErrSubprotocol, s)
		}
	}
	for _, o := range c.Deflate {
		if o.ServerMaxWindowBits != 0 && !isBits(o.ServerMaxWindowBits) ||
			o.ClientMaxWindowBits > 0 && !isBits(o.ClientMaxWindowBits) {
			return fmt.Errorf("%w: window bits have to be 8 to 15", ErrExtension)
		}
	}
	return checkExtra(c.Fields)
}

// isEscapedByte is isTargetByte without the bytes that we ourselves have to escape (RFC 3986 §2).
func isEscapedByte(c byte) bool { return isTargetByte(c) && c < 0x7F }

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
	if g.protocol.n > 1 || g.protocol.n == 1 && !slices.Contains(c.Subprotocols, g.protocol.value) {
		return Accepted{}, fmt.Errorf("%w: the answer's was not asked for, or is there twice", ErrSubprotocol)
	}
	a.Subprotocol = g.protocol.value
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
