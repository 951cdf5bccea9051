package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/conn"
)

// Broadcast sends a message to all nodes that are connected to this one, and
// returns how many it has really been sent to: handed to the kernel for them,
// within BroadcastTimeout. A peer that reads too slowly for that isn't counted, and
// delays nobody, though the message may still reach it later. Nobody acknowledges a
// broadcast.
//
// The error is ErrNodeNoPeers if nobody is connected, or says what is wrong with
// the message. That single connections failed, or ctx has ended, is none: the
// number tells.
func (n *Node) Broadcast(ctx context.Context, handleType, subType string, content any) (int, error) {
	text, err := n.encode(envelope.Value(`"broadcast"`), envelope.Value(`"all"`), handleType, subType, content)
	if err != nil {
		return 0, fmt.Errorf("app: broadcast: %w", err)
	}
	message, err := conn.NewPrepared(conn.Text, text)
	if err != nil {
		return 0, fmt.Errorf("app: broadcast: %w", err)
	}
	peers := n.inbound()
	if len(peers) == 0 {
		return 0, ErrNodeNoPeers
	}
	if limit := n.cfg.BroadcastTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var sent atomic.Int64
	var work sync.WaitGroup
	for _, in := range peers {
		work.Go(func() {
			if in.c.WritePrepared(ctx, message) == nil && in.c.WaitWritten(ctx) == nil {
				sent.Add(1)
			}
		})
	}
	work.Wait()
	return int(sent.Load()), nil
}

// BroadcastMessage is Broadcast as the Python library has it: it tells by a text, in
// Chinese, how it went.
func (n *Node) BroadcastMessage(ctx context.Context, handleType, subType string, content any) (success bool, message string) {
	sent, err := n.Broadcast(ctx, handleType, subType, content)
	switch {
	case errors.Is(err, ErrNodeNoPeers):
		return false, "没有活跃的连接"
	case err != nil:
		return false, "广播失败: " + err.Error()
	case sent == 0:
		return false, "广播失败: 没有连接收到消息"
	}
	return true, fmt.Sprintf("已向%d个连接广播消息", sent)
}
