// Package limit keeps clients to their share: [Counter] bounds how many connections a client has at
// once, [Rate] how many events it causes in a span of time, and [Bucket] is the same for a single
// connection that keeps its own.
//
// A client is an address. An IPv4 address in IPv6 clothes is the IPv4 address; of an IPv6 address the
// first 64 bits count unless configured otherwise, since that is what one customer is given; zones don't
// count. All whose address isn't known (the zero Addr) are one client.
//
// The package has no clock, no goroutine and no logger: now is an argument. Counter and Rate may be used
// by any number of goroutines at once, each under one lock that is held for some hundred nanoseconds; a
// Bucket belongs to whoever holds it.
//
// # Token buckets
//
// "n events per window" is a bucket of n tokens that fills evenly, one token every window/n, rounded up
// to whole nanoseconds. So n events may come at once, and never more than 2n in any window. Only the time
// at which the bucket is full again is stored: that is the whole state.
//
// # Bounded memory
//
// A Counter holds an entry for each client with connections; its map is made anew when it has become far too
// large for what it holds, since Go's maps don't shrink.
//
// A Rate holds at most MaxClients entries. One whose bucket is full again may go: a newcomer's is full
// too. When all are short of tokens and another client comes, the one whose bucket is fullest goes, and the
// newcomer takes over what was missing from it, rather than a full bucket. This is the rule that an attacker
// with many addresses can't use: in whatever order addresses come, no client is ever allowed more than its
// bucket would allow it without the bound on memory (the argument is in rate.go). What is given up: while
// more than MaxClients clients are short of tokens at once, a newcomer starts with a little less than a full
// bucket, as much less as the least burdened of the others has spent.
//
// Buckets stand in 256 lists by the time at which they are full, a window long in all, so that the fullest
// and the full ones are found without searching or sorting. "The fullest" is exact to a list, and the
// newcomer takes over the list's upper end.
package limit
