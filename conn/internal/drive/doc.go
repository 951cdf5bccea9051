// Package drive is the seam between a connection (conn.Conn) and an engine that
// has no goroutine for each: the engine says when something may be done, the
// connection does it without waiting.
//
// conn.Conn's method Drive takes a Transport and gives a Machine. The engine calls
// the Machine's Turn when bytes may have come, Writable when the socket takes
// bytes again after it took none, and Tick when a time has come that was asked
// for. All that the protocol asks for stays in conn: an engine knows sockets,
// turns and times.
//
// Turn is called by one goroutine at a time, and by none while Over was returned.
// The other methods of a Machine, and all of a Transport, may be called by any
// goroutine at any time, also by one inside another method of the same pair; so
// no method of a Transport calls its Machine.
package drive
