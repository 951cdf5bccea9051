// Package eventloop drives connections of package conn by a few loops in place of a
// goroutine each: epoll on Linux, kqueue on macOS and the BSDs. A quiet connection
// then holds no goroutine and no buffer, and many busy ones cost less CPU.
//
//	e, err := eventloop.New(eventloop.Config{})
//	…
//	err = e.Serve(ctx, listener, upgrader, func(o *conn.Opening) {
//		c, err := o.Accept(conn.Answer{})
//		…
//		err = e.Attach(c, hooks)
//	})
//
// Connections that were opened in another way, by net/http say, can be handed over as
// well: Attach stands in place of c.Serve(hooks). Accept is Engine.Serve for servers
// that count who comes in, package app's among them.
//
// Hooks, limits, timeouts, closing and errors are those of conn's Serve: the same
// code sees to them. What differs:
//
//   - With Config.Inline hooks run on the loops and must not wait, nor must what judges
//     an opening request there: whoever asks a database answers it elsewhere. There a send
//     never waits either (see Config), and a Writer's message leaves in one piece.
//     Ping, which waits for an answer, is for other goroutines.
//   - Timeouts are kept to 10 ms.
//
// What a request asks for and what it is answered is conn's business and the
// handler's: the package only sees to it that neither costs a goroutine. It logs only
// what Config.Logger says. On other systems, and for connections that are neither TCP
// nor unix sockets, an Engine uses a goroutine each; Serve does so outside Linux
// until a request is answered.
//
// # TLS
//
// The TLS of the standard library has no way to stop for want of bytes but this: it
// takes up again after a net.Error that is temporary. NewTLSListener, TLSServer and
// TLSServerAfter put a stream below TLS that is an ordinary connection until Attach,
// and then reads what is there and never waits; conn.Dialer does the same for clients.
// TLS that was made otherwise can't be moved, and such a connection keeps a goroutine.
//
// # Ownership and concurrency
//
// An Engine belongs to whoever made it and is closed by them; its methods may be
// called from any goroutine, but Close and Shutdown not in a hook. A connection's
// payloads are valid until the hook returns: on a loop they lie in memory that all
// its connections share.
//
// # Decisions
//
// A loop's descriptors are watched edge-triggered, each added once and never
// changed: neither the end of a write that would block nor a pause in reading takes
// a system call. A short read means that nothing is left; where the peer has closed
// its direction one more read is due.
//
// On Linux a loop waits in one of two ways, and crowd chooses. Where processors are
// free it parks: its goroutine waits by way of the Go runtime's poller, in which its
// epoll descriptor is one of many (parking). Beside goroutines that compute and never
// wait, a parked loop would have to wait for one of them to be made to pause: there it
// waits in epoll_wait, on a thread that comes back to a processor by itself. That this
// is so the runtime's own count of waits for a processor tells, cheaply and without
// doubt. Measured on 2 cores with 2 loops, parked against epoll_wait: 64 connections of
// 125 bytes 12.0 µs a message against 13.7, 1,000 connections 11.1 against 13.3, 256 KiB
// 62 against 83, a connection with one message 91 against 114; but with 2 busy
// goroutines in the process 8,000 messages a second against 44,000, and with 6 of them
// 3,300 against 27,000. Most of the difference is the runtime's monitor, which takes
// the processor from every thread that waits in a system call, and looks for such
// every 20 µs as long as it finds one. A loop begins in epoll_wait. To look 20 times
// before waiting changed nothing; to wait for 50 or 200 µs without telling the scheduler
// before parking cost up to 1.45 times as much, for each such wait sets a timer.
//
// Serve's listener is watched by all loops (EPOLLEXCLUSIVE), and the one that is woken
// accepts, for itself unless another has clearly fewer connections. Accepting on a
// goroutine and moving the connection over afterwards costs 1.25 times the CPU time
// of one that lives for one message: its descriptor is added to two pollers and
// duplicated. Writability is asked for when a write first would block: a new socket
// would report it at once, for nothing.
//
// Where hooks may wait they are called on the loop all the same. A turn that lasts a
// millisecond loses the loop to another goroutine and goes on without it; and once
// slow turns are many, hooks are given goroutines at once for a while (pace). Hooks
// that are quick, nearly all, so cost what they cost inline: 8.2 µs a message
// against 7.8, where a goroutine for each turn cost 13 to 30. What is given up: a
// hook that waits holds up its loop for a millisecond or two now and then.
//
// Timers are one wheel a loop, of which a connection holds 14 bytes. An active one
// leaves its place alone: it is looked at when that comes up.
//
// An idle connection is 128 bytes in conn, 80 here and 8 in a table, and about 300
// bytes of resident memory with what the garbage collector keeps free.
package eventloop
