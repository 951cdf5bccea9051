package proxy

import "errors"

// Errors of the address given, before anything is sent.
var (
	// ErrURL means that a proxy's URL can't be used: an unknown scheme, no host, or credentials that
	// the protocol can't carry.
	ErrURL = errors.New("unusable proxy URL")

	// ErrTarget means that the target isn't host:port with a host that may stand in a request.
	ErrTarget = errors.New("unusable target address")
)

// Errors of the conversation with the proxy.
var (
	// ErrRefused means that the proxy understood the request and said no. It reads as the verb of
	// the sentence: "proxy http://host:3128 refused CONNECT example.com:443: 403 Forbidden".
	ErrRefused = errors.New("refused")

	// ErrReply means that the proxy's reply breaks its protocol or is too long.
	ErrReply = errors.New("malformed reply")
)
