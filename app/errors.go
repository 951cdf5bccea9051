package app

import (
	"errors"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/handshake"
)

// CloseError says how a connection ended, and as a hook's error how it is to end.
type CloseError = conn.CloseError

// ErrClosed is net.ErrClosed: every error of a call on a connection that has
// ended, or that was closed by us, Is ErrClosed.
var ErrClosed = conn.ErrClosed

// What is wrong with a route or a blueprint. The errors that wrap these name the
// route, where it was written, and what to write instead; conflicts and patterns
// are reported with package router's *RouteError and its sentinels.
var (
	// ErrHandler says that a handler has no hooks, or one of another shape.
	ErrHandler = errors.New("app: not a handler")
	// ErrNoBlueprints says that discovery found nothing (Config.Strict).
	ErrNoBlueprints = errors.New("app: no blueprints found")
)

// What Server's methods return.
var (
	// ErrServerClosed is returned by Serve and Listen after Shutdown was called.
	ErrServerClosed = errors.New("app: server was shut down")
	// ErrRunning is returned by Run and ServeForever on a server that runs already.
	ErrRunning = errors.New("app: server is running already")
	// ErrDrainTimeout is returned by Shutdown when connections were left at the end
	// of Config.DrainTimeout, and were dropped.
	ErrDrainTimeout = errors.New("app: connections were left after DrainTimeout and were dropped")
)

// What calls concerning topics return.
var (
	// ErrDenied says that Config.Authorize refused, with an error that is there as well.
	ErrDenied = errors.New("app: denied")
	// ErrTopicName says that a topic's name is empty, longer than MaxTopicName, or
	// not UTF-8.
	ErrTopicName = errors.New("app: topic name must be 1 to 255 bytes of UTF-8")
	// ErrTooManyTopics says that the connection is in Config.MaxTopics topics.
	ErrTooManyTopics = errors.New("app: connection is in too many topics (Config.MaxTopics)")
	// ErrJoined is returned by JoinWith for a topic that the connection is in already.
	ErrJoined = errors.New("app: the connection is in this topic already")
	// ErrPosition says that a token is none that Position.String has made.
	ErrPosition = errors.New("app: not a position")
	// ErrBehind says that a member couldn't be sent what it missed as fast as new
	// messages came. It isn't in the topic.
	ErrBehind = errors.New("app: the connection can't catch up with the topic")
)

// ErrExpired is the cause when a connection was closed because its time was over
// (Conn.ExpireAt, Grant.Until).
var ErrExpired = errors.New("app: authorisation expired")

// ErrTooOld is the cause when a connection was closed because it reached
// Config.MaxAge.
var ErrTooOld = errors.New("app: connection reached MaxAge")

// ErrHookTimeout is the cause when a hook ran longer than Config.HookTimeout.
var ErrHookTimeout = errors.New("app: hook ran longer than HookTimeout")

// Refuse returns an error for an Acceptor to refuse a request with: an HTTP status
// and a reason, which the peer sees. A status that can't be one of a refusal
// counts as 500.
func Refuse(status int, reason string) error {
	return &handshake.Refusal{Status: status, Reason: reason}
}

// ConfigError says which field of a Config can't be right.
type ConfigError struct {
	Field  string // such as "Addr"
	Reason string // what is wrong and what to write instead
	Err    error  // the cause; nil if there is none
}

// Error names the field and what is wrong with it.
func (e *ConfigError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("app: Config.%s: %s: %v", e.Field, e.Reason, e.Err)
	}
	return fmt.Sprintf("app: Config.%s: %s", e.Field, e.Reason)
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// overloaded refuses a request that there is no room for.
func overloaded(status int, reason string, after string) error {
	return &handshake.Refusal{
		Status: status,
		Reason: reason,
		Fields: []handshake.Field{{Name: "Retry-After", Value: after}},
	}
}
