// Package edge says who a client is behind proxies: [Trust.Resolve] by the fields Forwarded
// (RFC 7239) and X-Forwarded-For, -Proto and -Host of a request, [ReadProxyHeader] by the PROXY
// protocol, versions 1 and 2, ahead of the first byte of a connection.
//
// Anyone can write such a field. So nothing is believed but what trusted proxies vouch for: each hop
// only for the one before it. What a client wrote itself stands at the left of a list, behind the first
// address that isn't trusted, and is never looked at.
//
// The package knows no socket beyond an [io.Reader], no clock, no goroutine and no logger; it keeps no
// state, and all of it may be called concurrently. Fields are read once, from the right, in time linear
// in their length and without allocating. What it returns of a request are parts of the request's strings.
//
// # The rules of the fields
//
//   - The peer of the socket is certain. If it isn't trusted, its fields are ignored.
//   - A trusted peer's last entry says whom it speaks for. If that address is trusted too, its own
//     last entry is the one before, and so on, to the first address that isn't trusted, or the left end.
//   - Several lines are one list (RFC 9110 §5.3). Lists are taken to pieces from the right, so that an open
//     quotation mark at the left can't change how the rest is read. Empty entries don't count.
//   - An entry that can't be read (bad syntax, an address that is none, an address with a zone, which
//     means something on the proxy's machine only, a quoted-pair, for, proto or host given twice) ends the
//     walk with nothing of it believed: the client then is the hop that wrote it.
//   - An entry that hides the address on purpose ("unknown", "_name", no "for" at all) ends the walk
//     too, with the address of the hop that wrote it; but what it says of scheme and host counts.
//   - Scheme and host are those of the last entry believed, for that is how the client came to the
//     outermost trusted proxy. One that can't be read, or isn't given, counts as not said, and what is
//     known of the socket and of the request stands: a host must be a valid Host, and a scheme one of
//     http, https, ws and wss (some proxies write the latter two).
//   - X-Forwarded-Proto and -Host are lists in some proxies and single values in most. A single value
//     counts for whatever hop; of a list, the entry as far from the right as the address's.
//   - A hop that writes X-Forwarded-Proto or -Host alone says nothing of the address, as above.
//
// # Both families at once
//
// A proxy usually writes one family and lets the other through as the client sent it; which of them it
// writes can't be told from a list of prefixes. Preferring either would let every client behind
// the other kind of proxy choose its address. So where both are present, only what both say
// alike is believed: the same address, or else the peer of the socket; the same scheme; the same host.
// The remedy is to have the proxy remove the family that it doesn't write.
//
// # Addresses
//
// An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is the IPv4 address, in prefixes, in fields and
// in results. A link-local peer's zone doesn't matter to a prefix. The peer of a unix socket has no
// address and is in no prefix: it is a process of this machine, and a server that treats it as such
// passes a loopback address as direct.
//
// # PROXY protocol
//
// The specification forbids guessing: a listener either expects the header on every connection or
// reads none. Whoever calls ReadProxyHeader should have made sure that the socket's peer may speak for
// others ([Trust.Contains]), and sets the deadline.
//
// A header that names no client (UNKNOWN, UNSPEC, unix sockets) is not one of the proxy's own
// connections (LOCAL): somebody unknown is behind it, who may have written Forwarded fields, and must not
// come to stand on the proxy's trusted address. So the former gives no address at all, and Resolve
// believes nothing of such a client. Datagram families are taken like the stream ones: a proxy that ends
// HTTP/3 gives its client's address so. TLVs are skipped, their checksum included, and may take what
// [MaxProxyHeader] leaves them; the specification allows 64 KiB, but proxies send some hundred bytes.
package edge
