// Package handshake is the opening handshake of a WebSocket connection (RFC 6455 §4) and the
// negotiation of permessage-deflate (RFC 7692 §7), for both roles.
//
// It does no I/O: strings and bytes go in, bytes and values come out. It knows no socket, clock,
// logger or goroutine and draws no random numbers; the bytes of a key are an argument.
//
// Two layers are kept apart:
//
//   - HTTP/1.1 syntax: [HeaderEnd] finds the end of a header block as it arrives, [Request.Parse]
//     and [Response.Parse] take it to pieces, [AppendAccepted], [AppendRefusal] and
//     [ClientRequest.Append] write one.
//   - Rules: [Policy.Check] judges an opening request, wherever its fields came from (a parsed
//     block, or net/http by way of [Request.Add]); [ClientRequest.Check] judges the answer to ours.
//     What RFC 8441 will share (Host, Origin, subprotocol, extensions) asks neither for HTTP/1.1's
//     key nor for its Upgrade.
//
// # A server's use
//
//	n, err := handshake.HeaderEnd(buf, scanned, maxHeader) // until n > 0
//	err = req.Parse(string(buf[:n]))
//	accepted, err := policy.Check(&req, handshake.HTTP, peer)
//	out, err = handshake.AppendAccepted(out, accepted, nil)
//
// and whenever err is not nil, [AppendRefusal] turns it into the HTTP answer it deserves.
//
// # Strictness
//
// What two parsers could read differently is refused, not repaired: a line that ends in anything
// but CRLF, a control character, a folded line, a space before the colon, a repeated Host, key or
// version, a Content-Length or Transfer-Encoding on an opening request, an absolute target that
// contradicts Host. Two liberties are taken on purpose: bytes 0x80-0xFF are let through in targets
// and values, because tools send raw UTF-8 there, and a status line may lack the space before an
// absent reason, because small servers forget it. Letters are compared in ASCII only: under
// Unicode's folding a Kelvin sign equals a k, and "websocKet" would pass for the real name.
//
// All parsers are hand-written and linear in their input. No header costs an allocation, and the
// number of fields (128) and of offers that are looked at (32) is bounded. A check that succeeds
// allocates the accept key and nothing else, except where SelectSubprotocol is set.
//
// # Same origin behind a proxy
//
// By default an Origin must name the Host, and its scheme the scheme that the connection came in
// by. A proxy that ends TLS in front turns https into http, and the page's origin then differs:
// list it in Origins.Allow. Comparing hosts only would let a page on plain http, which anyone on
// the path can forge, speak to a service that is meant for https.
//
// # Ownership and concurrency
//
// Strings of a parsed Request or Response are parts of the block given to Parse; the Fields slice
// belongs to the value and is reused by the next Parse or Reset. A Policy and a ClientRequest are
// only read: any number of goroutines may Check against one, as long as nobody changes it. A
// Request or Response belongs to one goroutine at a time.
package handshake
