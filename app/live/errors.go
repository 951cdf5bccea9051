package live

import (
	"errors"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// ErrorCode says in an answer why a request wasn't carried out.
type ErrorCode string

// The codes. After each of them the connection goes on.
const (
	CodeBadRequest   ErrorCode = "bad_request"  // it isn't one of the protocol's
	CodeTooLarge     ErrorCode = "too_large"    // longer than is taken
	CodeDenied       ErrorCode = "denied"       // not allowed
	CodeUnauthorized ErrorCode = "unauthorized" // a token is missing, or isn't good
	CodeLimit        ErrorCode = "limit"        // too many topics, or requests a second
	CodeSubscribed   ErrorCode = "subscribed"   // already
	CodeBehind       ErrorCode = "behind"       // the client can't catch up with the topic
	CodeUnavailable  ErrorCode = "unavailable"  // for the moment: try again
)

// The close codes of the protocol, beside those of RFC 6455 §7.4. A client that is
// closed with one of them shouldn't come back as it was.
const (
	CloseBadToken conn.Code = 4401 // no token in time, a bad one, or one that has ended
	CloseTooMany  conn.Code = 4429 // too many requests
)

// failure is an error with what the peer is told of it.
type failure struct {
	code   ErrorCode
	detail string
}

func (f *failure) Error() string { return "live: " + string(f.code) + ": " + f.detail }

func fail(code ErrorCode, detail string) error { return &failure{code, detail} }

// told returns what the peer is told of an error. Texts of others' errors aren't for
// it.
func told(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	switch {
	case errors.Is(err, app.ErrDenied):
		return &failure{CodeDenied, "this isn't allowed"}
	case errors.Is(err, app.ErrTopicName):
		return &failure{CodeBadRequest, "topic must be 1 to 255 bytes"}
	case errors.Is(err, app.ErrTooManyTopics):
		return &failure{CodeLimit, "subscribed to too many topics"}
	case errors.Is(err, app.ErrJoined):
		return &failure{CodeSubscribed, "subscribed to this topic already"}
	case errors.Is(err, app.ErrBehind):
		return &failure{CodeBehind, "too slow to catch up with this topic"}
	}
	return &failure{CodeUnavailable, "this can't be done at the moment"}
}
