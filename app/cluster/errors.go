package cluster

import (
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrConfig says what of a Config can't be right.
	ErrConfig = errors.New("cluster: bad configuration")
	// ErrUnavailable says that NATS can't be reached, or doesn't answer in time. What
	// was to be published may have been, if it had begun. The cause is in it.
	ErrUnavailable = errors.New("cluster: NATS is unavailable")
	// ErrFull says that a stream has reached Config.MaxStreamBytes.
	ErrFull = errors.New("cluster: stream is full (Config.MaxStreamBytes)")
	// ErrClosed says that the Cluster was closed.
	ErrClosed = errors.New("cluster: closed")
	// ErrID says that a connection's id has no node in it.
	ErrID = errors.New("cluster: not an id of a connection with its node")
	// ErrNotAttached says that a request concerns connections, and that Attach wasn't
	// called.
	ErrNotAttached = errors.New("cluster: no server is attached")
)

// unavailable wraps an error of NATS.
func unavailable(err error) error {
	if e, ok := errors.AsType[*jetstream.APIError](err); ok && isFull(e) {
		return errors.Join(ErrFull, err)
	}
	if errors.Is(err, nats.ErrConnectionClosed) {
		return errors.Join(ErrClosed, err)
	}
	return errors.Join(ErrUnavailable, err)
}

// The codes of JetStream for a limit that was reached.
const (
	codeStreamLimit   jetstream.ErrorCode = 10077 // store failed: maximum bytes or messages exceeded
	codeInsufficient  jetstream.ErrorCode = 10023 // resources
	codeStorage       jetstream.ErrorCode = 10047 // storage resources exceeded
	codeMemoryStorage jetstream.ErrorCode = 10028 // memory resources exceeded
)

func isFull(e *jetstream.APIError) bool {
	switch e.ErrorCode {
	case codeStreamLimit, codeInsufficient, codeStorage, codeMemoryStorage:
		return true
	}
	return false
}
