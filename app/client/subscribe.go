package client

import (
	"strconv"
	"strings"

	"github.com/godwit-ws/godwit/conn"
)

// Subscription is what a client wants of a topic. Any function may be nil.
type Subscription struct {
	// After is a position to resume from, of an earlier life. "" means only what comes
	// from now on.
	After string
	// OnMessage is called for each message.
	OnMessage func(Message)
	// OnGap is called where messages were missed that can't be had any more.
	OnGap func()
	// OnPresence, if set, is called when somebody comes, changes, or goes.
	OnPresence func(m Member, left bool)
	// OnLive is called when the subscription stands, after each break again: what was
	// missed has come.
	OnLive func(missed int, gap bool)
	// OnError is called when the server refuses the subscription: it is over.
	OnError func(error)
}

// Handle is a subscription that was made.
type Handle struct {
	client *Client
	topic  string
	want   Subscription

	// The client's mu guards these.
	at    string
	moved bool // by an event since the subscription was asked for
}

// Subscribe subscribes to a topic, now or when there is a connection, and again after
// each break. Errors: ErrSubscribed, ErrClosed. Whether the server agrees, OnLive and
// OnError tell.
func (c *Client) Subscribe(topic string, s Subscription) (*Handle, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case c.topics[topic] != nil:
		return nil, ErrSubscribed
	}
	h := &Handle{client: c, topic: topic, want: s, at: s.After}
	c.topics[topic] = h
	if c.ws != nil {
		return h, c.subscribe(h)
	}
	return h, nil
}

// At returns the position seen last, to resume from in another life; "" without
// history.
func (h *Handle) At() string {
	h.client.mu.Lock()
	defer h.client.mu.Unlock()
	return h.at
}

// Close ends the subscription.
func (h *Handle) Close() {
	c := h.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.topics[h.topic] != h {
		return
	}
	delete(c.topics, h.topic)
	if c.ws != nil {
		ws := c.ws
		c.leaving[h.topic]++
		c.enter(request{"do": "unsubscribe", "topic": h.topic}, &pending{own: true, then: func(_ incoming, err error) { c.left(h.topic, ws, err) }})
	}
}

// left notes that what comes of a topic now isn't for a subscription that was closed. If
// the server refused to end that, it ends with the connection.
func (c *Client) left(topic string, ws *conn.Conn, err error) {
	if isTransient(err) {
		ws.Abort() // come back without it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving[topic]--; c.leaving[topic] == 0 {
		delete(c.leaving, topic)
	}
}

// subscribe asks for a topic. mu is held.
func (c *Client) subscribe(h *Handle) error {
	h.moved = false
	r := request{"do": "subscribe", "topic": h.topic}
	if h.at != "" {
		r["after"] = h.at
	}
	if h.want.OnPresence != nil {
		r["presence"] = true
	}
	ws := c.ws
	_, err := c.enter(r, &pending{own: true, then: func(in incoming, err error) { c.subscribed(h, ws, in, err) }})
	return err
}

// subscribed deals with the answer to a subscription.
func (c *Client) subscribed(h *Handle, ws *conn.Conn, in incoming, err error) {
	if isTransient(err) {
		ws.Abort() // come back and try again
		return
	}
	c.mu.Lock()
	current := c.topics[h.topic] == h // else what came before the answer wasn't seen
	switch {
	case err == nil:
		c.failures = 0
		if current && !h.moved { // else the answer tells no news, and may have been overtaken
			h.reach(in.At)
		}
	case current:
		delete(c.topics, h.topic)
	}
	c.mu.Unlock()
	switch {
	case !current:
	case err == nil && h.want.OnLive != nil:
		h.want.OnLive(in.Missed, in.Gap)
	case err != nil && h.want.OnError != nil:
		h.want.OnError(err)
	}
}

// reach notes a position, and reports whether it is new. mu is held.
func (h *Handle) reach(at string) bool {
	if at == "" {
		return true
	}
	if seen(at, h.at) {
		return false
	}
	h.at = at
	return true
}

// seen reports whether who is at last has seen what is at at.
func seen(at, last string) bool {
	epoch, number, ok := split(at)
	lastEpoch, lastNumber, lastOK := split(last)
	return ok && lastOK && epoch == lastEpoch && number <= lastNumber
}

func split(at string) (epoch string, number uint64, ok bool) {
	epoch, digits, ok := strings.Cut(at, "-")
	number, err := strconv.ParseUint(digits, 10, 64)
	return epoch, number, ok && err == nil
}
