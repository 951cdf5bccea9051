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
// # Floods, measured
//
// How long a bystander waits for an echo while one flood goes on again and again for two
// seconds: the 99th percentile in milliseconds, as app.Server has it on goroutines, on
// event loops, and on event loops that call the hooks, plain and over TLS. Flood, server
// and bystander are one process, on two cores that had nothing else to do:
//
//	GODWIT_LONG=1 go test -run TestFloods -v ./cmd/godwit/internal/torture
//
// What it waits beside no flood at all stands first: a loop that wakes in a busy process
// has to wait until the Go scheduler lets it run. On a machine with 25 to 50 other
// threads in the way the figures are up to ten times as large.
//
//	                    goroutines      TLS    loops      TLS   inline      TLS
//	(no flood)                0.2      0.1       14       12       14       13
//	pings                     4.3      3.6       16       15       13       16
//	pings-125                 9.9      6.9       17       18       19       19
//	pongs                     4.0      2.4       17       14       18       16
//	empty-text                4.6      2.4       17       12       13       15
//	empty-binary              4.6      3.2       17       15       15       14
//	tiny                      7.4      5.7       15       17       16       17
//	kilobytes                 7.3       17       17       27       16       18
//	empty-fragments           3.4      2.3       14       16       13       16
//	tiny-fragments            5.1      2.0       20       19       16       16
//	fragments                 1.1      1.3       14       15       15       15
//	bytewise                  2.2      2.2       25       15       22       21
//	connects-silent            11      9.7       10       10      9.5      8.6
//	connects-half              12      9.7       10       12      8.7      8.6
//	connects-open             7.7      7.5      6.8       12      8.5       13
//	connects-announce          10      5.3      9.5       11       14       13
//	churn                     0.2      0.6      3.0      1.1      2.0      0.9
//	churn-reset               0.4      0.7      2.6      2.2      6.1      1.7
//	churn-refused             0.7      0.8      3.3      4.0      2.8      2.1
//	churn-violation           0.2      0.8      3.8      0.8      0.9      0.8
//	deflate/flood             5.0      2.8       14       17       14       12
//
// # Concurrency
//
// A Case is never changed: it may be run any number of times, at once too.
package torture
