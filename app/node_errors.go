package app

import (
	"errors"
	"fmt"
)

// What a failed send of a Node says of its message. Every error of Send is exactly
// one of the two or a *NodeRefusal.
var (
	// ErrNodeNotSent says that no byte of the message has left: sending it again can't
	// deliver it twice.
	ErrNodeNotSent = errors.New("app: message not sent")
	// ErrNodeUnacknowledged says that the message was sent, or a part of it, and that
	// no reply came: the other node may have it or not.
	ErrNodeUnacknowledged = errors.New("app: message sent, but not acknowledged")
)

// Errors of a Node beside sending.
var (
	// ErrNodeRunning says that a node which was to be started is running already.
	ErrNodeRunning = errors.New("app: node is running already")
	// ErrNodeNoPeers says that a broadcast has nobody to go to.
	ErrNodeNoPeers = errors.New("app: no active connections")
	// ErrNodeNoHandler says that a message's 处理类型 has no handler. The message was
	// given back.
	ErrNodeNoHandler = errors.New("app: no handler for this type of message")
)

// Causes of ErrNodeNotSent and ErrNodeUnacknowledged.
var (
	errNodeAckTimeout = errors.New("no acknowledgement within AckTimeout")
	errNodeLate       = errors.New("an earlier message on the same connection was not acknowledged within AckTimeout")
	errNodeTargets    = errors.New("all NodeConfig.MaxTargets targets are in use")
	errNodeStopped    = errors.New("the node was stopped")
	errNodeIdle       = errors.New("the connection was unused")
	// errNodeStale says that a connection ended before it took the message.
	errNodeStale = errors.New("connection ended")
)

// NodeRefusal is the error of a send whose message the other node refused: it has
// not stored it, and won't if it gets it again unless the reason has gone.
type NodeRefusal struct {
	Reason string // as the other node gives it, in Chinese from those known
}

func (e *NodeRefusal) Error() string { return "app: message refused: " + e.Reason }

// notSent wraps the cause of an ErrNodeNotSent.
func notSent(cause error) error { return fmt.Errorf("%w: %w", ErrNodeNotSent, cause) }

// unacknowledged wraps the cause of an ErrNodeUnacknowledged.
func unacknowledged(cause error) error { return fmt.Errorf("%w: %w", ErrNodeUnacknowledged, cause) }
