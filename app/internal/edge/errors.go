package edge

import "errors"

// Errors of a PROXY header.
var (
	// ErrShort means that the bytes end inside the header: add some, call again.
	ErrShort = errors.New("edge: need more bytes")

	// ErrNoHeader means that the connection doesn't begin with a PROXY header at all, as when a client
	// reached the port without passing the proxy.
	ErrNoHeader = errors.New("edge: no PROXY header")

	// ErrHeader means that the PROXY header breaks its protocol or is too long.
	ErrHeader = errors.New("edge: malformed PROXY header")
)
