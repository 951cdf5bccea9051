// Package memconn is a network connection that never leaves memory: a pair of net.Conn ends that
// behave like the two ends of a loopback TCP connection. It stands behind the exported in-memory
// pipe, and under tests that should not depend on a kernel.
//
// It differs from net.Pipe where that one differs from TCP: each direction buffers up to
// [BufferSize] bytes, so a write returns once its bytes are buffered and not when they were read;
// bytes written before a Close are still delivered; either direction can be closed alone
// ([Conn.CloseWrite]); and a connection can be lost ([Conn.Abort]).
//
// It never starts a goroutine, loses or reorders bytes, keeps a caller's slice, or delays anything.
//
// # Blocking
//
// Every wait is on a sync.Cond and every timer is a time.AfterFunc, and no lock is held while
// waiting. So a blocked call counts as durably blocked inside a testing/synctest bubble, and
// deadlines follow the bubble's clock. Both ends must then be used from inside that bubble only.
//
// # Concurrency and ownership
//
// All methods may be called from any goroutine. Writes are atomic: the bytes of one Write are
// never interleaved with those of another, even if it had to wait for room half-way, and concurrent
// writes go in the order in which they came. The slice passed to Read or Write belongs to the caller
// again once the call returns.
//
// # Memory
//
// A direction holds no buffer while nothing is in flight. It takes a small one when bytes come, a
// large one when those do not suffice, and gives it back when it has been drained. The buffers pass
// through two sync.Pools, the only state shared between pairs: without them each message on an
// otherwise idle pair would cost an allocation, and tests that count allocations over this package
// would count ours.
package memconn
