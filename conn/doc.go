// Package conn is WebSocket connections over goroutines and blocking I/O: the
// opening handshake for servers and clients, reading and writing messages,
// pings, timeouts and closing (RFC 6455, RFC 7692). It runs over any net.Conn,
// TLS included, and under net/http.
//
// A server under net/http, and a client:
//
//	http.Handle("/echo", conn.Handler(func(c *conn.Conn) error {
//		for m, err := range c.Messages(c.Context()) {
//			if err != nil {
//				return err
//			}
//			if err := c.Write(c.Context(), m.Opcode, m.Data); err != nil {
//				return err
//			}
//		}
//		return nil
//	}))
//
//	c, err := conn.Dial(ctx, "ws://127.0.0.1:8080/echo")
//
// The rules of the protocol are in conn/protocol, which both engines drive; this
// package adds sockets, locks and clocks. It knows nothing of routes and topics,
// and logs only what a function given to Handler returns to nobody else.
//
// # Before the answer
//
// Accept and Upgrade answer by the Upgrader's fields alone. A server that routes
// by path, or that shares its port with ordinary HTTP, calls Receive (ReceiveHTTP
// under net/http): the Opening it gets is looked at first, then accepted, refused,
// or released to someone else, unanswered and as if nothing had been read.
//
// # Three ways to drive a connection
//
//   - Read and Write: a goroutine reads. Someone must be reading for pings, pongs
//     and the peer's Close to be seen; DiscardReads does so for those who only
//     write.
//   - Reader and Writer: messages as streams.
//   - Run and Serve: messages go to Hooks. It is the fastest: messages are handed
//     out where they lie, and all answers to one read leave in one write. Run does
//     so on the goroutine that calls it until the end, Serve until the connection is
//     quiet: then it takes less memory.
//
// However it is driven, anyone may send at any time: Write waits for room, Post
// never does.
//
// # Two engines
//
// Here a connection is driven by goroutines that wait for its socket. Package
// eventloop drives many by a few loops: it takes a connection over by Drive, which
// is of use to engines only, and calls the same Hooks. What is said below of
// waiting then holds for other goroutines than those of the loops.
//
// # Contexts
//
// A context that ends during a read or a write leaves the connection usable.
// What was received of a message is kept for the next read. A message whose
// sending has begun is sent on in the background, and the call returns
// ErrWriteUnfinished. Over TLS, where a write that was broken off can't be taken
// up again, and over a net.Conn of a type that isn't known, which may have TLS in
// it, such a write is done by another goroutine. With context.Background, or a
// context that is used again, nothing is allocated for all this.
//
// # Who owns the bytes
//
// What Read returns is the caller's for ever; what ReadInto returns lies in the
// caller's array or grew from it; what Messages and Hooks are given is valid
// until the next message. Bytes passed to a write are the caller's again when
// the call returns.
//
// A connection that waits for bytes holds no read buffer: over TCP and unix
// sockets on Linux it takes one from a pool when bytes are there, and so over TLS where
// it rests (Serve). Else it holds 1 KiB over TLS, elsewhere 4. Output is held only
// while it can't be written.
//
// # How a connection ends
//
// However it ends, a *CloseError says so, with the code, who ended it and why;
// every later call returns it, as an error that Is net.ErrClosed. A violation is
// answered with the Close frame it deserves (RFC 6455 §7.1.7), and TCP is then
// closed so that the peer can read it: our direction at once, the other when the
// peer has closed it, or after a second or 8 MiB. A peer that closes its direction
// without a Close (ErrNoClose) may still read: it is given what was sent before,
// within CloseTimeout.
//
// # Decisions
//
// What only goroutines that wait need, and what a connection has seldom, sit behind
// pointers (blocking, seldom): between two turns on an event loop a connection is
// 128 bytes. What an engine drives in turns never waits; the places where the
// blocking engine would are states there (turns).
//
// A goroutine in Serve makes way for a fresh one when it has waited for a second (rest).
// To read, handle and write takes a stack of 4 KiB or more, of which the runtime takes
// back what isn't used only while more than three quarters aren't, which a goroutine in
// the middle of a read never reaches; a fresh goroutine that does nothing but wait stays
// within 2 KiB. A connection that is busy never gets there; one that is quiet pays some
// 6 µs for each message that comes after a rest.
//
// One mutex and one condition variable a connection: all that is rarely waited
// for (the batons of reading and writing, room in the queue, pongs, the end) is
// waited for on one condition, woken by contexts and timers through
// context.AfterFunc. Reading and writing themselves wait in the connection below.
//
// An Opening ends with exactly one call, and nothing closes one that is forgotten: a
// timer for it would cost every handshake an allocation, and its caller would
// still have to deal with a connection that was taken away. What Release returns
// hides the type of the connection below, but for what net/http looks for:
// CloseWrite, ConnectionState, and ReadFrom, which is sendfile. When net/http gives
// such a connection away to Upgrade, the one below is used again.
//
// One timer a connection, which is moved only if it would fire too late, and
// looks again when it fires: an active connection pays for no timer per message.
//
// A sender is held up by a full queue for WriteTimeout at the most, then gets
// ErrQueueFull, whoever takes the connection's messages: here hooks run on a
// goroutine that may wait. A broadcaster who must not wait for one slow peer uses
// Post, which never does: what doesn't fit ends the connection or is dropped, as its
// Posting says.
//
// What Post queues is the Prepared message itself, encoded when it leaves: a
// broadcast that waits on a thousand connections is in memory once, and what gives
// way was never compressed, so that the peer's window stays right. The queue keeps
// the places of messages that gave way until they are the larger half of it, and
// looks for the oldest from where it found the last: each Post takes the same time,
// however much waits. KeepLatest replaces in place and not at the end. At the end a
// value that changes faster than the queue drains would never be sent; in place it
// may overtake, which for the latest value of something is no harm. Behind a
// MessageWriter, whose fragments only control frames may interrupt, posted messages
// wait in a second queue, which joins the first when the message is finished.
//
// In hooks the flush at the end of a batch waits for messages of Write, so that a
// peer that doesn't read its answers isn't read from either; for posted ones it
// doesn't, since others post too.
//
// All connections of an Upgrader or Dialer share one budget of memory (MaxBuffered). A
// connection tells it what it holds where it waits anyhow: for bytes, for room in the
// socket, behind a write in progress; one that buffers less than 8 KiB tells nothing, and
// an echo costs the same as without. The connections that hold most are found by two
// looks at all that hold something, sorted by powers of two, and never by a list in
// order, which every change would have to keep. What waits to be written on a connection
// that is closed for this is dropped at once: its peer has been too slow for it.
//
// Only Close waits for the peer with the connection's own reads; Ping doesn't,
// since a message that came in between would have nowhere to go.
package conn
