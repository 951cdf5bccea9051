package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// request is what a node asks others to do; a message to be sent is the payload.
type request struct {
	Do     string    `json:"do"` // "send", "kick", "broadcast", "count" or "renew"
	Conn   string    `json:"conn,omitempty"`
	Binary bool      `json:"binary,omitempty"`
	Code   conn.Code `json:"code,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// reply is what a node answers.
type reply struct {
	Node  string `json:"node"`
	Found bool   `json:"found,omitempty"`
	Error string `json:"error,omitempty"`
	Counts
}

// fieldRequest is the header field with a request.
const fieldRequest = "Gw-Request"

// countLimit is how long Count waits for nodes that don't answer.
const countLimit = time.Second

// Counts are figures of all nodes together.
type Counts struct {
	Nodes  int `json:"nodes"`
	Conns  int `json:"conns"`
	Joined int `json:"joined"` // members of topics, each as often as it is one
}

// ID returns a connection's id that is unique among all nodes, for Send and Kick. A
// Member has both its parts.
func (c *Cluster) ID(conn *app.Conn) string { return c.node + "." + conn.ID() }

// Send sends a message to one connection, on whichever node it is. It reports whether
// there was one. A nil error means that its node has sent or queued the message.
func (c *Cluster) Send(ctx context.Context, id string, op conn.Opcode, p []byte) (found bool, err error) {
	return c.ask(ctx, id, request{Do: "send", Binary: op == conn.Binary}, p)
}

// Kick closes one connection, on whichever node it is. It reports whether there was
// one.
func (c *Cluster) Kick(ctx context.Context, id string, code conn.Code, reason string) (found bool, err error) {
	return c.ask(ctx, id, request{Do: "kick", Code: code, Reason: reason}, nil)
}

// ask makes a request concerning one connection.
func (c *Cluster) ask(ctx context.Context, id string, r request, payload []byte) (bool, error) {
	node, local, ok := strings.Cut(id, ".")
	if !ok || node == "" || strings.ContainsAny(node, "*> \r\n") {
		return false, fmt.Errorf("%w: %.64q", ErrID, id)
	}
	r.Conn = local
	if node == c.node {
		a := c.carryOut(r, payload)
		return a.Found, a.err()
	}
	m, err := encodeRequest(c.subjects.node(node), r, payload)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	answer, err := c.nc.RequestMsgWithContext(ctx, m)
	if errors.Is(err, nats.ErrNoResponders) {
		return false, nil // the node is gone, and its connections with it
	}
	var a reply
	if err == nil {
		err = json.Unmarshal(answer.Data, &a)
	}
	if err != nil {
		return false, fmt.Errorf("cluster: %s: %w", r.Do, unavailable(err))
	}
	return a.Found, a.err()
}

func (a *reply) err() error {
	switch a.Error {
	case "":
		return nil
	case ErrNotAttached.Error():
		return ErrNotAttached
	}
	return errors.New(a.Error)
}

// Broadcast sends a message to all connections of all nodes. What it returns concerns
// this node's connections, and whether NATS took the message for the others.
func (c *Cluster) Broadcast(op conn.Opcode, p []byte) error {
	r := request{Do: "broadcast", Binary: op == conn.Binary}
	here := c.carryOut(r, p)
	m, err := encodeRequest(c.subjects.all(), r, p)
	if err == nil {
		err = c.nc.PublishMsg(m)
	}
	if err != nil {
		return fmt.Errorf("cluster: broadcast: sent on this node only: %w", unavailable(err))
	}
	return here.err()
}

// Count asks all nodes for their figures. Nodes that don't answer within a second, or
// while ctx lasts, aren't in it.
func (c *Cluster) Count(ctx context.Context) (Counts, error) {
	total := c.carryOut(request{Do: "count"}, nil).Counts
	ctx, cancel := context.WithTimeout(ctx, countLimit)
	defer cancel()
	inbox := c.nc.NewRespInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return total, fmt.Errorf("cluster: count: %w", unavailable(err))
	}
	defer sub.Unsubscribe()
	m, err := encodeRequest(c.subjects.all(), request{Do: "count"}, nil)
	if err != nil {
		return total, err
	}
	m.Reply = inbox
	if err := c.nc.PublishMsg(m); err != nil {
		return total, fmt.Errorf("cluster: count: %w", unavailable(err))
	}
	for others := len(c.Nodes()) - 1; others > 0; others-- {
		answer, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			break
		}
		var a reply
		if json.Unmarshal(answer.Data, &a) == nil {
			total.Nodes, total.Conns, total.Joined = total.Nodes+a.Nodes, total.Conns+a.Conns, total.Joined+a.Joined
		}
	}
	return total, nil
}

func encodeRequest(subject string, r request, payload []byte) (*nats.Msg, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return &nats.Msg{Subject: subject, Data: payload, Header: nats.Header{fieldRequest: {string(text)}}}, nil
}

// listen takes requests of other nodes.
func (c *Cluster) listen() error {
	for _, subject := range []string{c.subjects.node(c.node), c.subjects.all()} {
		if _, err := c.nc.Subscribe(subject, c.serve); err != nil {
			return fmt.Errorf("cluster: %w", unavailable(err))
		}
	}
	return nil
}

// sendsAtOnce is how many messages of other nodes to single connections may be on their
// way at once.
const sendsAtOnce = 256

// serve takes another node's request. Sending to one connection may wait for its peer,
// which is not to hold up the others' requests. Who sends waits for the answer, so that
// its order stays.
func (c *Cluster) serve(m *nats.Msg) {
	var r request
	if err := json.Unmarshal([]byte(field(m.Header, fieldRequest)), &r); err != nil {
		c.log.Warn("a request can't be read", "error", err)
		return
	}
	if r.Do != "send" {
		c.answer(m, r)
		return
	}
	select {
	case c.sends <- struct{}{}:
		go func() {
			c.answer(m, r)
			<-c.sends
		}()
	case <-c.ctx.Done():
	}
}

// answer carries out a request, and tells who wants to know.
func (c *Cluster) answer(m *nats.Msg, r request) {
	a := c.carryOut(r, m.Data)
	if m.Reply == "" {
		return
	}
	text, _ := json.Marshal(a)
	m.Respond(text) // if it fails, who asked notices
}

// carryOut does on this node what a request asks for.
func (c *Cluster) carryOut(r request, payload []byte) reply {
	a := reply{Node: c.node}
	if r.Do == "renew" { // its members were removed
		c.presence.renewAll()
		return a
	}
	s := c.server.Load()
	if s == nil {
		a.Error = ErrNotAttached.Error()
		if r.Do == "count" {
			a.Error, a.Nodes = "", 1
		}
		return a
	}
	op := conn.Text
	if r.Binary {
		op = conn.Binary
	}
	var err error
	switch r.Do {
	case "send":
		var to *app.Conn
		if to, a.Found = s.Conn(r.Conn); a.Found {
			err = to.Send(c.ctx, op, payload)
		}
	case "kick":
		a.Found, err = s.Kick(r.Conn, r.Code, r.Reason)
	case "broadcast":
		_, err = s.Everyone().Send(op, payload)
	case "count":
		a.Counts = Counts{Nodes: 1, Conns: s.Stats().Conns}
		for _, t := range s.Topics() {
			a.Joined += t.Members
		}
	default:
		err = fmt.Errorf("cluster: a node asks for %q, which this version doesn't know", r.Do)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}
