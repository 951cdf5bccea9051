package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/app/internal/envelope"
)

// Send sends a message to the node at ip and port, and returns nil when that has
// stored it. ip may be a host's name too. handleType (处理类型) and subType
// (次一级数据类型) say what the message is, content (数据内容) is a string, or any
// value that encoding/json encodes.
//
// Send takes AckTimeout at most, and less if ctx ends. Its error is
// ErrNodeNotSent, ErrNodeUnacknowledged or a *NodeRefusal. Messages of one
// goroutine arrive in order; if a send fails with ErrNodeUnacknowledged, its
// message may still arrive, but not after one that was sent later by the same
// connection.
func (n *Node) Send(ctx context.Context, ip string, port int, handleType, subType string, content any) error {
	if err := checkNodePort(port); err != nil {
		return notSent(err)
	}
	if err := ctx.Err(); err != nil {
		return notSent(err)
	}
	t, err := n.pool.acquire(ip, port)
	if err != nil {
		return notSent(err)
	}
	defer n.pool.release(t)
	message, err := n.encode(t.host, t.port, handleType, subType, content)
	if err != nil {
		return notSent(err)
	}
	ctx, cancel := n.limit(ctx)
	defer cancel()
	return t.send(ctx, message)
}

// limit bounds a context by AckTimeout.
func (n *Node) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if n.cfg.AckTimeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, n.cfg.AckTimeout, errNodeAckTimeout)
}

// encode makes a message to be sent. host and port are JSON.
func (n *Node) encode(host, port envelope.Value, handleType, subType string, content any) ([]byte, error) {
	for _, text := range []string{handleType, subType} {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("type of message is not UTF-8: %q", text)
		}
	}
	value, err := envelope.Encode(content)
	if err != nil {
		return nil, err
	}
	const keys = 192 // more than keys, port and time take
	size := keys + len(host) + len(handleType) + len(subType) + len(value)
	message := envelope.AppendSent(make([]byte, 0, size), host, port, value, handleType, subType, time.Now())
	if limit := n.cfg.MaxMessageSize; limit > 0 && int64(len(message)) > limit {
		return nil, fmt.Errorf("message of %d bytes is longer than NodeConfig.MaxMessageSize, %d", len(message), limit)
	}
	return message, nil
}

// SendMessage is Send as the Python library has it: it tells by a text, in Chinese,
// how it went.
func (n *Node) SendMessage(ctx context.Context, ip string, port int, handleType, subType string, content any) (success bool, message string) {
	err := n.Send(ctx, ip, port, handleType, subType, content)
	refusal, refused := errors.AsType[*NodeRefusal](err)
	switch {
	case err == nil:
		return true, "消息发送成功并收到确认"
	case refused:
		return false, "消息发送失败: 对方拒绝: " + refusal.Reason
	}
	return false, "消息发送失败: " + err.Error()
}

func checkNodePort(port int) error {
	if port < 1 || port > maxNodePort {
		return errors.New("port " + strconv.Itoa(port) + " is not in 1 to 65535")
	}
	return nil
}
