package app

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/godwit-ws/godwit/store"
)

// NextMessage takes the oldest message out of the store; ok is false if there is
// none. What fails beside that goes to the log: WaitMessage returns it.
func (n *Node) NextMessage() (m NodeMessage, ok bool) {
	d, err := n.store.TryNext()
	if errors.Is(err, store.ErrEmpty) {
		return NodeMessage{}, false
	}
	if err == nil {
		err = n.store.Ack(d)
	}
	if err != nil {
		n.cfg.Logger.Error("读取消息失败", "error", err)
		return NodeMessage{}, false
	}
	return newNodeMessage(d.Message), true
}

// WaitMessage takes the oldest message out of the store, and waits for one as long
// as ctx lasts; then it returns ctx's error. Other errors are the store's. A
// message that was returned is gone from the store: where it must survive the
// death of whoever deals with it, use Messages or Dispatch.
func (n *Node) WaitMessage(ctx context.Context) (NodeMessage, error) {
	d, err := n.store.Next(ctx)
	if err != nil {
		return NodeMessage{}, err
	}
	if err := n.store.Ack(d); err != nil {
		return NodeMessage{}, err
	}
	return newNodeMessage(d.Message), nil
}

// Messages returns an iterator over the messages as they come, for use with range.
// A message leaves the store when the loop's body is done with it; if the body
// panics, or the process dies, it comes again. The iterator ends with the first
// error, which it yields: ctx's or the store's.
//
// Any number of goroutines may take messages, this way or another: each goes to one
// of them.
func (n *Node) Messages(ctx context.Context) iter.Seq2[NodeMessage, error] {
	return func(yield func(NodeMessage, error) bool) {
		for more := true; more; {
			err := n.lend(ctx, func(m NodeMessage) error {
				more = yield(m, nil)
				return nil
			})
			if err != nil {
				yield(NodeMessage{}, err)
				return
			}
		}
	}
}

// lend hands the next message to handle, and takes it out of the store if handle
// returns nil.
func (n *Node) lend(ctx context.Context, handle func(NodeMessage) error) error {
	d, err := n.store.Next(ctx)
	if err != nil {
		return err
	}
	defer n.store.Return(d) // does nothing after the Ack below
	if err := handle(newNodeMessage(d.Message)); err != nil {
		return err
	}
	return n.store.Ack(d)
}

// NodeHandlers are functions that deal with messages, by their 处理类型. That of ""
// takes those of every type that has none.
type NodeHandlers map[string]func(context.Context, NodeMessage) error

// Dispatch hands messages to their handlers, one after the other, until ctx ends, a
// handler returns an error or the store fails, and returns why. A message leaves
// the store when its handler returns nil; otherwise, and after a panic, it is given
// back and comes first the next time, as does one without a handler
// (ErrNodeNoHandler).
func (n *Node) Dispatch(ctx context.Context, handlers NodeHandlers) error {
	for {
		err := n.lend(ctx, func(m NodeMessage) error {
			handle := handlers[m.HandleType]
			if handle == nil {
				handle = handlers[""]
			}
			if handle == nil {
				return fmt.Errorf("%w: %q", ErrNodeNoHandler, m.HandleType)
			}
			return handle(ctx, m)
		})
		if err != nil {
			return err
		}
	}
}
