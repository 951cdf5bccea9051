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
// seconds: the 99th percentile in milliseconds, the best of three runs and the median, as
// app.Server has it on goroutines and on event loops. Flood, server and bystander are one
// process:
//
//	GODWIT_LONG=1 go test -run TestFloods -v -count=3 ./cmd/godwit/internal/torture
//
// It had a share of two cores on which some fifty other threads wanted to run, builds and
// benchmarks. What it waits then beside no flood at all stands first; to read the table is
// to compare with that row, and not with that of a machine to itself. A thousand
// connections opened at once, by the same process, cost the bystander most.
//
//	                       goroutines  and TLS      loops     and TLS
//	(no flood)               0.2 0.2     0.1 0.2       14 16       27 30
//	pings                      28 30      7.7 17       27 38       24 52
//	pings-125                  47 69      88 114       70 70       58 61
//	pongs                     5.2 29     4.3 9.8       18 22       28 35
//	empty-text                7.5 22     5.4 5.8       24 28       28 69
//	empty-binary             3.4 5.5      7.7 32       23 38       48 57
//	tiny                      4.0 26       20 24       25 29       34 71
//	kilobytes                 79 117       53 56      96 135      96 113
//	empty-fragments            22 23      7.6 11       16 51       21 33
//	tiny-fragments             41 48       18 18       26 59      93 118
//	fragments                0.9 2.3      3.9 18       17 23       16 24
//	bytewise                 2.9 9.7       30 53       18 60       20 22
//	connects-silent            37 68     111 148      57 132     365 389
//	connects-half              66 75     172 194      43 137     142 149
//	connects-open              35 84      67 150      25 138      80 244
//	connects-announce          69 83     109 120       33 64       57 60
//	churn                     2.8 10      7.5 13      7.6 12       12 15
//	churn-reset              3.2 4.3       10 23       67 85       39 47
//	churn-refused              12 16       18 23       26 53       34 45
//	churn-violation           2.2 14     4.3 4.3       10 20       20 21
//	deflate/flood              18 35     4.1 5.3       16 53       23 71
//
// # Concurrency
//
// A Case is never changed: it may be run any number of times, at once too.
package torture
