// Package fuzz holds the fuzz targets that look at more than one function at a
// time: streams under every cut, whole connections, and the opening handshake
// held against net/http. It has no code of its own; nothing imports it.
//
// Each target has an oracle beyond "doesn't panic": another implementation from
// the standard library, or a slow and plain reading of the RFC written in this
// package, which knows nothing of the code it judges:
//
//	FuzzFrameHeader        RFC 6455 §5.2 read by hand
//	FuzzFrameParser        the same, over a whole stream cut anywhere
//	FuzzConnection         a model of a receiver that sees the whole stream at once
//	FuzzPipe               that model, and a strict reader of what is sent back
//	FuzzHandshakeRequest   the fields looked up by hand; net/http.ReadRequest
//	FuzzHandshakeResponse  the same with net/http.ReadResponse
//	FuzzExtensions         the grammar of RFC 6455 §9.1 as a regular expression
//	FuzzURL                net/url, and net/http.ReadRequest of what is dialed
//	FuzzClosePayload       RFC 6455 §5.5.1 and §7.4 by hand
//	FuzzDeflateRoundTrip   compress/flate; an inflater that reads bit by bit
//	FuzzInflate            the same two
//	FuzzUTF8               unicode/utf8, asked whether any ending makes it valid
//	FuzzMask               a loop over bytes
//
// # Running
//
//	go test ./fuzz                                      // the seeds alone
//	go test -fuzz=FuzzFrameParser ./fuzz                // until it finds something
//	go test -fuzz=FuzzPipe -fuzztime=1m -parallel=1 ./fuzz
//
// Command mutate, in the folder below, tests the tests of frame and conn/protocol.
//
// # Seeds
//
// A target's seeds lie in testdata/fuzz, one file each, named for the class of bug
// or the case they stand for. A finding is minimised, renamed so, and committed
// with its fix; a test refuses a target with fewer than five seeds, a folder
// without a target, and names that are hashes.
//
// Where a target takes cuts, they say how a stream comes in: each byte gives the
// length of a piece less one, over and over; none at all means in one piece.
package fuzz
