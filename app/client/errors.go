package client

import "errors"

// What calls return, beside a *RequestError.
var (
	// ErrClosed is returned after Close, and when the server has ended the connection
	// with a code that forbids coming back; the *conn.CloseError is there as well.
	ErrClosed = errors.New("client: closed")
	// ErrBroken says that the line broke before the answer came: nobody knows whether
	// the request was carried out.
	ErrBroken = errors.New("client: the line broke before the answer")
	// ErrPending says that Config.MaxPending requests wait.
	ErrPending = errors.New("client: too many requests wait for answers")
	// ErrSubscribed says that the topic has a subscription already.
	ErrSubscribed = errors.New("client: subscribed already")
)

// errGreeting says that a server doesn't speak the protocol.
var errGreeting = errors.New("client: the server doesn't speak " + Subprotocol)

// RequestError says why the server didn't carry out a request.
type RequestError struct {
	Code   string // one of the protocol's: "denied", say
	Detail string // for people
}

// Error gives code and detail.
func (e *RequestError) Error() string { return "client: " + e.Code + ": " + e.Detail }
