// Package protocol holds the rules of an open connection (RFC 6455 §5 to §8,
// RFC 7692 §6 and §7.2) as a machine without I/O, clock, goroutine or logger.
// Both engines drive it, so that every rule stands once and holds for servers
// and clients alike.
//
// It has two halves with different owners:
//
//   - A Receiver belongs to whoever reads. It turns received bytes into events:
//     whole messages or pieces of them, pings, pongs and the peer's Close. It
//     enforces reserved bits and opcodes, masking, fragmentation, control-frame
//     rules, UTF-8 and the limits, and says with which close code to fail.
//   - A Sender belongs to whoever holds the write lock. It turns messages and
//     control frames into bytes, masks and compresses them, and knows whether the
//     Close frame was among them, which nothing may follow.
//
// Neither may be used by two goroutines at once; they share nothing.
//
// # Reading without copying
//
// The Receiver is pull-shaped. Want says where the next bytes should be read to,
// Got says how many came, Next yields events until frame.ErrShort:
//
//	for {
//		n, err := socket.Read(r.Want(scratch))
//		r.Got(n)
//		for {
//			event, err := r.Next()
//			if err == frame.ErrShort {
//				break
//			}
//			…
//		}
//	}
//
// A whole, uncompressed message that arrived in scratch is unmasked and checked
// in place, and handed out as a slice of scratch. What is left of a message at
// the end of scratch moves to a message buffer; a payload that is larger than
// scratch is then read straight into that buffer, which grows with what was
// received (never past max(256 KiB, 4 × received)) and not with what was
// announced. At ErrShort nothing in scratch is needed any more: an idle
// connection holds no buffer.
//
// # Who owns a payload
//
// An event's payload is valid until the next call of Next, Attach or Reset. If
// Event.Taken is set it lies in memory given with Attach (or grown from it) and
// belongs to the caller.
package protocol
