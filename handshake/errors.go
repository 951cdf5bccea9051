package handshake

import "strconv"

// fault is the type of every sentinel here: who finds a fault names its answer.
type fault struct {
	status int    // of the refusal
	text   string // for our side: logs and returned errors
	body   string // for the peer: what was wrong and what to do; fixed, so no byte of the peer is echoed
}

func (f *fault) Error() string { return "handshake: " + f.text }

// Faults of HTTP/1.1's syntax, from HeaderEnd, Request.Parse and Response.Parse.
var (
	// ErrSyntax: the block is not strict HTTP/1.1 (RFC 9112 §2.2, §3, §5). Status 400.
	ErrSyntax error = &fault{400, "malformed HTTP/1.1 header",
		"The request is not well-formed HTTP/1.1. Lines end in CRLF, names are tokens, and no control characters may occur."}
	// ErrHeaderTooLarge: the block is longer than allowed, or has too many fields. Status 431.
	ErrHeaderTooLarge error = &fault{431, "header too large",
		"The request header is too large. Send fewer or shorter header fields."}
)

// Faults of an opening request, from Policy.Check, in the order in which they are looked for.
// ErrHTTPVersion, ErrUpgrade, ErrSubprotocol and ErrExtension also come from ClientRequest.Check.
var (
	// ErrMethod: the method is not GET (RFC 6455 §4.2.1). Status 405.
	ErrMethod error = &fault{405, "method is not GET",
		"A WebSocket connection is opened with GET."}
	// ErrHTTPVersion: not HTTP/1.1 (RFC 6455 §4.2.1). Status 400.
	ErrHTTPVersion error = &fault{400, "HTTP version is not 1.1",
		"A WebSocket connection is opened over HTTP/1.1."}
	// ErrTarget: neither a path nor an absolute http or ws URL for this host (RFC 9112 §3.2). Status 400.
	ErrTarget error = &fault{400, "bad request target",
		"The request target must be a path, or an absolute URL whose host agrees with the Host field."}
	// ErrBody: a Content-Length or Transfer-Encoding on an opening request. Status 400.
	ErrBody error = &fault{400, "opening request announces a body",
		"An opening request has no body: leave out Content-Length and Transfer-Encoding."}
	// ErrDuplicate: a field that may stand once was sent more than once. Status 400.
	ErrDuplicate error = &fault{400, "field sent more than once",
		"Host, Origin, Sec-WebSocket-Key and Sec-WebSocket-Version may each be sent once only."}
	// ErrUpgrade: no Upgrade to websocket, or Connection does not name it (RFC 6455 §4.2.1). Status 426.
	ErrUpgrade error = &fault{426, "not an upgrade to websocket",
		"This is a WebSocket endpoint. Connect with a WebSocket client (Upgrade: websocket, Connection: Upgrade)."}
	// ErrVersion: Sec-WebSocket-Version missing or not 13 (RFC 6455 §4.2.2). Status 426.
	ErrVersion error = &fault{426, "WebSocket version is not 13",
		"Only version 13 of the WebSocket protocol (RFC 6455) is spoken here: send Sec-WebSocket-Version: 13."}
	// ErrKey: Sec-WebSocket-Key missing or not 16 bytes in base64 (RFC 6455 §4.2.1). Status 400.
	ErrKey error = &fault{400, "bad Sec-WebSocket-Key",
		"Sec-WebSocket-Key must be 16 bytes in base64."}
	// ErrHost: Host missing or not a host with an optional port (RFC 9112 §3.2). Status 400.
	ErrHost error = &fault{400, "bad Host",
		"The Host field must name the host, with an optional port, and nothing else."}
	// ErrOrigin: the Origin is not allowed by Policy.Origins (RFC 6455 §10.2). Status 403.
	ErrOrigin error = &fault{403, "origin not allowed by Origins (same origin unless Allow, AllowAny or LocalFiles says more)",
		"Pages of this origin may not connect here. The server's operator can allow it."}
	// ErrSubprotocol: Sec-WebSocket-Protocol is malformed, or in an answer names what was not asked
	// for, or is there twice (RFC 6455 §4.1). Status 400.
	ErrSubprotocol error = &fault{400, "bad Sec-WebSocket-Protocol",
		"Sec-WebSocket-Protocol must be a list of tokens."}
	// ErrExtension: Sec-WebSocket-Extensions is malformed, or in an answer names what was not offered
	// or breaks the rules of RFC 7692 §7.1 (RFC 6455 §9.1). Status 400.
	ErrExtension error = &fault{400, "bad Sec-WebSocket-Extensions",
		"Sec-WebSocket-Extensions does not follow RFC 6455, section 9.1."}
)

// Mistakes of our own user.
var (
	// ErrSubprotocolChoice: SelectSubprotocol returned what the client had not offered. Status 500.
	ErrSubprotocolChoice error = &fault{500, "SelectSubprotocol chose what was not offered",
		"The server failed to choose a subprotocol."}
	// ErrHeaderField: an extra field has a name that is no token or reserved for the handshake, or a
	// control character in its value. Status 500.
	ErrHeaderField error = &fault{500, "extra header field not allowed",
		"The server failed to write its answer."}
)

// Refusals that whoever serves the connection decides on.
var (
	// ErrUnauthorized: credentials are missing or wrong. Status 401, with a Basic challenge unless a
	// Refusal brings another.
	ErrUnauthorized error = &fault{401, "unauthorized", "Credentials are required to connect here."}
	// ErrForbidden: the request is understood and refused. Status 403.
	ErrForbidden error = &fault{403, "forbidden", "This connection is not allowed."}
	// ErrNotFound: nothing is served at this path. Status 404.
	ErrNotFound error = &fault{404, "not found", "There is no WebSocket endpoint at this path."}
	// ErrTimeout: the request did not arrive in time. Status 408.
	ErrTimeout error = &fault{408, "request timed out", "The request did not arrive in time. Send it again, whole."}
	// ErrTooManyRequests: this peer has too many connections or opens them too fast. Status 429.
	ErrTooManyRequests error = &fault{429, "too many requests",
		"Too many connections from this address. Close some, or try again later."}
	// ErrUnavailable: the server is full or going down. Status 503.
	ErrUnavailable error = &fault{503, "unavailable", "The server takes no new connections right now. Try again later."}
)

// ErrAccept: the answer's Sec-WebSocket-Accept is missing, repeated or not the one that belongs to
// our key: whoever answered did not understand a WebSocket request (RFC 6455 §4.1).
var ErrAccept error = &fault{502, "Sec-WebSocket-Accept does not belong to our key",
	"The server's answer does not belong to the request."}

// StatusError says that a server answered an opening request with another status than 101
// (RFC 6455 §4.1). The Response holds the rest: Location, WWW-Authenticate, Retry-After.
type StatusError struct {
	Status int    // 100 to 999, never 101
	Reason string // the server's reason phrase as received; may be empty, and is not to be trusted
}

// Error names the status and quotes at most the first 64 bytes of the reason.
func (e *StatusError) Error() string {
	s := "handshake: server answered " + strconv.Itoa(e.Status)
	if e.Reason == "" {
		return s
	}
	return s + " " + strconv.Quote(e.Reason[:min(len(e.Reason), 64)])
}
