// Package torture plays a hostile peer: hundreds of named cases against a server
// (Server) or against a client (Client), whatever either is made with. A case breaks
// a rule, goes to a limit and past it, dawdles, floods or sends what bursts when it is
// inflated, and says what a right endpoint does about it: a status, a close code, an
// echo, or an end within a bound. While cases run against a server, a bystander on a
// connection of its own must go on getting its echoes.
//
// It never judges by text, and never by speed: the bounds are those that the endpoint
// is said to have (Options), with a wide margin. What isn't said isn't tried.
//
// # Verdicts
//
//	Pass  the endpoint did what is right
//	Weak  it kept itself safe but told its peer less than it should: the connection
//	      ended without the Close frame or the answer that was due (RFC 6455 §7.1.7
//	      has a SHOULD there)
//	Fail  anything else, also that the bystander went unserved
//	Skip  the endpoint has no part in it: it didn't agree to compress
//
// # What the endpoint must do
//
// A server echoes messages on the path of its URL, type and bytes, as most servers'
// examples do. A client needs to do nothing but connect again whenever a connection
// is over; if it echoes too, more cases apply (Options.Echo).
//
// # Decisions
//
// The peer shares no code with the engines: it makes its own frames and masks, and takes
// DEFLATE from the standard library; of package frame it uses the names of opcodes and
// codes alone. It is not conn/internal/conformance over again, which judges every byte
// of right conversations, runs only inside package conn's tests, and serves as the stand-in
// for the Autobahn suite. This one is about survival, and is run by anyone against anything.
//
// Verdicts on refused handshakes accept any status from 400 to 599 where the RFCs leave
// it open: which one is a matter of taste. Where a rule names a status or a close code, it
// is wanted.
//
// # Concurrency
//
// A Case is never changed: it may be run any number of times, at once too.
package torture
