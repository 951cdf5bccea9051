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
// seconds: the 99th percentile in milliseconds, the best of four runs and the median, as
// app.Server has it on goroutines and on event loops. Flood, server and bystander are one
// process:
//
//	GODWIT_LONG=1 go test -run TestFloods -v -count=4 ./cmd/godwit/internal/torture
//
// It had a share of two cores on which 25 to 50 other threads wanted to run, builds and
// benchmarks. What it waits then beside no flood at all stands first; to read the table is
// to compare with that row, and not with that of a machine to itself. A thousand
// connections opened at once, by the same process, cost the bystander most.
//
//	                       goroutines  and TLS      loops     and TLS
//	(no flood)               0.2 0.2     0.1 0.4       14 20       27 45
//	pings                      11 30      7.7 17       20 38      24 106
//	pings-125                  16 69      13 114       70 73      58 210
//	pongs                     2.7 29    4.3 10.0       18 24       28 71
//	empty-text                7.5 26     5.4 6.4       24 28      28 166
//	empty-binary              3.4 24      7.7 32       23 39       48 75
//	tiny                      4.0 26       10 24       25 33      34 141
//	kilobytes                 23 117       28 56      96 168      35 113
//	empty-fragments           6.9 23      5.3 11       16 51       21 74
//	tiny-fragments             19 48      6.6 18       26 70      70 118
//	fragments                0.9 2.8      3.3 18       17 44       16 24
//	bytewise                 2.1 9.7      5.1 53       16 60       15 22
//	connects-silent            37 68      47 148      57 132     120 389
//	connects-half             66 122     105 194      43 137     142 158
//	connects-open              35 84      67 150      25 138      80 340
//	connects-announce          46 83      53 120       33 64       57 60
//	churn                     0.8 10      4.1 13      7.6 49       12 15
//	churn-reset              3.2 7.2      4.9 23       30 85       39 47
//	churn-refused             3.0 16      5.6 23       11 53       34 45
//	churn-violation           2.2 14     2.8 4.3       10 31       20 21
//	deflate/flood             5.8 35     4.1 6.5       16 53       23 71
//
// # Concurrency
//
// A Case is never changed: it may be run any number of times, at once too.
package torture
