package app

import (
	"context"
	"errors"
	"time"

	"github.com/godwit-ws/godwit/app/internal/envelope"
	"github.com/godwit-ws/godwit/conn"
)

// nodeInbound is a connection that another node has opened to this one: the hooks
// that store its messages and answer each.
type nodeInbound struct {
	c      *conn.Conn
	peer   NodePeer
	us     envelope.Peer
	intake nodeIntake
}

var _ conn.BatchHooks = (*nodeInbound)(nil)

func newNodeInbound(n *Node, c *conn.Conn) *nodeInbound {
	ip, port := nodeAddress(c.RemoteAddr())
	return &nodeInbound{
		c:      c,
		peer:   NodePeer{IP: ip, Port: port, Since: time.Now()},
		us:     envelope.NewPeer(nodeAddress(c.LocalAddr())),
		intake: nodeIntake{n: n, peer: envelope.NewPeer(ip, port), addr: c.RemoteAddr()},
	}
}

// OnOpen implements conn.Hooks.
func (in *nodeInbound) OnOpen(*conn.Conn) error { return nil }

// OnMessage implements conn.Hooks.
func (in *nodeInbound) OnMessage(_ *conn.Conn, _ conn.Opcode, p []byte) error {
	_, err := in.intake.read(p)
	in.intake.keep(err)
	return nil
}

// OnBatch implements conn.BatchHooks: what was received is stored, then answered.
func (in *nodeInbound) OnBatch(c *conn.Conn) error {
	defer in.intake.release()
	verdicts := in.intake.commit()
	now := time.Now()
	for _, fault := range verdicts {
		reply := in.intake.reply[:0]
		if fault == nil {
			reply = envelope.AppendAcceptance(reply, in.us, now)
		} else {
			reply = envelope.AppendRefusal(reply, in.us, fault.Reason, now)
		}
		in.intake.reply = reply
		if err := c.Write(context.Background(), conn.Text, reply); err != nil {
			return nil // the connection has ended or is about to, and Run says how
		}
	}
	return nil
}

// OnClose implements conn.Hooks.
func (in *nodeInbound) OnClose(*conn.Conn, *conn.CloseError) {}

// logHookFailure tells the log of a connection that ended by a mistake of ours.
func (n *Node) logHookFailure(c *conn.Conn, err error) {
	if p, ok := errors.AsType[*conn.PanicError](err); ok {
		n.cfg.Logger.Error("连接处理失败", "peer", c.RemoteAddr(), "error", p, "stack", string(p.Stack))
	}
}
