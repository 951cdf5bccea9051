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
