package conn

import (
	"errors"
	"fmt"
	"net"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// CloseError says how a connection ended: Code, Reason, whether the peer ended
// it, and the cause. Use errors.As, or errors.AsType[*conn.CloseError].
type CloseError = frame.CloseError

// ErrClosed is net.ErrClosed: every error of a call on a connection that has
// ended, or that has sent its Close, Is ErrClosed, and As *CloseError.
var ErrClosed = net.ErrClosed

// Errors of reading.
var (
	// ErrTaken is returned by reads on a connection whose messages go to hooks, or
	// are dropped by DiscardReads.
	ErrTaken = errors.New("conn: the messages of this connection go to hooks or are discarded")
	// ErrReader is returned by a message reader once another read has begun: what
	// was left of its message is gone.
	ErrReader = errors.New("conn: another read has begun; the rest of this message was dropped")
)

// Errors of writing. After each of them the connection stays usable.
var (
	// ErrOpcode is returned for a message that is neither Text nor Binary.
	ErrOpcode = protocol.ErrOpcode
	// ErrNotUTF8 is returned for a text message that isn't UTF-8. Nothing was sent.
	ErrNotUTF8 = protocol.ErrNotUTF8
	// ErrQueueFull is returned when MaxQueued bytes waited for WriteTimeout.
	// Nothing was sent.
	ErrQueueFull = errors.New("conn: too many bytes wait to be written (Config.MaxQueued)")
	// ErrWriteUnfinished is returned when a context ended while its message was
	// being written. The rest of it is written on, in the background.
	ErrWriteUnfinished = errors.New("conn: context ended while the message was being written; it is sent on in the background")
	// ErrWriter is returned by a message writer after its Close.
	ErrWriter = errors.New("conn: this message was already finished")
)

// Errors of closing.
var (
	// ErrCloseCode is returned by Close for a code that may not be sent.
	ErrCloseCode = frame.ErrCode
	// ErrCloseReason is returned by Close for a reason that isn't UTF-8.
	ErrCloseReason = frame.ErrReason
)

// Causes found in CloseError.Err, for those who want to tell them apart.
var (
	// ErrAborted is the cause when Abort dropped the connection.
	ErrAborted = errors.New("conn: aborted")
	// ErrReadTimeout is the cause when nothing was received for ReadTimeout.
	ErrReadTimeout = errors.New("conn: nothing received within ReadTimeout")
	// ErrMessageTimeout is the cause when a message took longer than
	// MessageTimeout.
	ErrMessageTimeout = errors.New("conn: message not finished within MessageTimeout")
	// ErrWriteTimeout is the cause when a write made no progress for WriteTimeout.
	ErrWriteTimeout = errors.New("conn: no progress in writing within WriteTimeout")
	// ErrPongTimeout is the cause when a ping was not answered within PongTimeout.
	ErrPongTimeout = errors.New("conn: nothing received within PongTimeout after a ping")
	// ErrOverflow is the cause when Post found no room in the queue and was to end the
	// connection then (OverflowClose).
	ErrOverflow = errors.New("conn: more waits to be written than was allowed to (Posting)")
	// ErrOverloaded is the cause when the connection was closed because those of its
	// Upgrader or Dialer held more memory than Config.MaxBuffered, and it was among
	// those that held most.
	ErrOverloaded = errors.New("conn: too much waits to be read or written on all connections together (Config.MaxBuffered)")
	// ErrCloseTimeout is the cause when the peer didn't answer our Close within
	// CloseTimeout.
	ErrCloseTimeout = errors.New("conn: closing handshake not finished within CloseTimeout")
	// ErrNoClose is the cause when the peer closed the connection below without a
	// Close frame.
	ErrNoClose = errors.New("conn: connection closed without a Close frame")
	// ErrCut is the cause when that happened in the middle of a message.
	ErrCut = errors.New("conn: connection closed in the middle of a message")
)

// PanicError is the cause when a hook or a handler panicked.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // as debug.Stack gives it
}

// Error gives the value alone; log Stack beside it.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// errGoexit is the cause when a hook called runtime.Goexit.
var errGoexit = errors.New("conn: a hook ended its goroutine")

// ended is what calls on an ended connection return: a *CloseError that also Is
// net.ErrClosed.
type ended struct{ *CloseError }

func (e ended) Unwrap() []error { return []error{e.CloseError, net.ErrClosed} }

// How the timeouts of reading end a connection.
var (
	errReadTimeout    = &CloseError{Code: frame.CodeGoingAway, Reason: "read timeout", Err: ErrReadTimeout}
	errMessageTimeout = &CloseError{Code: frame.CodePolicyViolation, Reason: "message timeout", Err: ErrMessageTimeout}
	errPongTimeout    = abnormal(ErrPongTimeout)
)
