// Package conformance holds a WebSocket endpoint to RFC 6455 and RFC 7692: more
// than a thousand cases, played by a scripted peer that writes bytes of its own making, right
// and wrong ones, over a real connection, and is strict about every byte that
// comes back. The endpoint under test is anything that echoes: a server that the
// peer connects to (Server), or a client that connects to the peer (Client).
//
// The peer shares no code with the engines. It has its own frames, its own masks
// and its own message assembly, takes UTF-8 and DEFLATE from the standard
// library, and of package frame only the names of opcodes and close codes.
//
// # The cases
//
// Case IDs are those of the Autobahn test suite, so that a failure here can be
// looked up there, and the expectations are that suite's strict ones or stricter:
//
//	1  framing                 6  UTF-8, failing at the first bad byte
//	2  pings and pongs         7  closing
//	3  reserved bits           9  sizes
//	4  reserved opcodes       10  fragments by themselves
//	5  fragmentation          12, 13  permessage-deflate
//
// IDs that begin with X are ours and stand beside the section they extend: X1
// masks and lengths, X3 reserved bits on every opcode, and so on. Those that end
// in -deflate are the same case on a connection where compression was agreed on,
// which must change nothing for messages that aren't compressed; in those that end
// in -bytewise every write is a byte long, the opening handshake's too.
//
// In X8 the endpoint closes the connection, on a command that Options defines.
//
// # What every case demands
//
//   - Messages before a violation or a Close are answered, in order, and answered
//     before our side is told of the end.
//   - A violation is answered by a Close frame with its code, never by a dropped
//     connection, and nothing follows a Close frame.
//   - The end of the connection follows the Close frames within three seconds; a server
//     ends its direction first (RFC 6455 §7.1.1), and no reset destroys the Close.
//   - Frames received are well formed: the mask that the role demands and a new key
//     each time, the shortest length, no reserved bit that wasn't agreed on, UTF-8 in
//     text, close codes that may be sent, no distance beyond the agreed window.
//
// # Running it
//
// Another engine needs no more than an echo function and one call of Server or
// Client; Cases and a Case's own methods serve tools that report by themselves. By
// default sections 9, 12 and 13 send fewer messages than the official suite; with
// GODWIT_LONG=1 this package's tests send them all, which takes many minutes (go
// test -timeout 1h).
//
// # Concurrency
//
// A Case is a value that is never changed: it may be run any number of times, at
// once too.
package conformance
