// Package proxy opens a TCP connection through a proxy: HTTP CONNECT in the clear or over TLS
// (RFC 9110 §9.3.6), and SOCKS 5 (RFC 1928) with user name and password (RFC 1929). It also says
// which proxy the environment asks for.
//
// It refuses to guess: a proxy's reply is parsed strictly, is bounded by [MaxReplyHeader], and is
// given up at the first byte that cannot be right, so that a server which isn't a proxy, and waits
// for us in turn, is noticed at once. It has no timeout of its own: the context has one. It answers
// no challenge and follows no redirect; credentials come from the proxy's URL, are sent to that
// proxy only, and never appear in an error. Nor does any text of the proxy: reason phrases are
// replaced by those of the standard (RFC 9112 §4 lets a client ignore them).
//
// [Dial] uses one connection and at most one goroutine, which ends with the call. The connection it
// returns belongs to the caller. All functions may be called concurrently; there is no state.
//
// # The environment
//
// [FromEnvironment] reads the variables on every call, unlike net/http.ProxyFromEnvironment, which
// keeps the first answer for the life of the process. A dial costs so much more that the cache
// would save nothing, and tests and long-lived programs can change their environment. The rules are
// those of net/http, with ws read as http and wss as https, plus ALL_PROXY, which many set for
// SOCKS, and names below .localhost, which are this machine as well (RFC 6761 §6.3).
package proxy
