package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/godwit-ws/godwit/conn"
)

// pending is a request that waits for its answer.
type pending struct {
	message *conn.Prepared
	then    func(incoming, error) // called once, without the lock
	again   bool                  // it may be sent again
	own     bool                  // it belongs to one connection
	sent    bool
}

// ask makes a request and waits for the answer.
func (c *Client) ask(ctx context.Context, r request, again bool) (incoming, error) {
	type outcome struct {
		in  incoming
		err error
	}
	answered := make(chan outcome, 1)
	id, err := c.submit(r, &pending{again: again, then: func(in incoming, err error) { answered <- outcome{in, err} }})
	if err != nil {
		return incoming{}, err
	}
	select {
	case o := <-answered:
		return o.in, o.err
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.requests, id)
		return incoming{}, ctx.Err()
	}
}

// submit sends a request now, or when there is a connection.
func (c *Client) submit(r request, p *pending) (id uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case len(c.requests) >= c.cfg.MaxPending:
		return 0, ErrPending
	}
	return c.enter(r, p)
}

// enter gives a request its number, and sends it if there is a connection. mu is held.
func (c *Client) enter(r request, p *pending) (id uint64, err error) {
	c.last++
	r["id"] = c.last
	text, err := json.Marshal(r)
	if err == nil {
		p.message, err = conn.NewPrepared(conn.Text, text)
	}
	if err != nil {
		return 0, fmt.Errorf("client: request: %w", err)
	}
	c.requests[c.last] = p
	if c.ws != nil {
		c.post(p)
	}
	return c.last, nil
}

// post sends a request. If that fails the connection ends, and the reader sees it. How
// much may wait is for MaxPending to say alone: a connection that ended for what is sent
// again on the next would end that one, too. mu is held.
func (c *Client) post(p *pending) {
	p.sent = true
	c.ws.Post(p.message, conn.Posting{MaxBytes: -1, MaxMessages: -1})
}

// answer hands an answer to who waits for it.
func (c *Client) answer(in *incoming) {
	c.mu.Lock()
	p := c.requests[in.ID]
	delete(c.requests, in.ID)
	if p != nil && in.OK && !p.own {
		c.failures = 0
	}
	c.mu.Unlock()
	if p != nil {
		p.then(*in, in.failure())
	}
}

// lose takes back what was under way on a connection that has ended.
func (c *Client) lose(cause error) {
	var lost []*pending
	c.mu.Lock()
	c.ws = nil
	long := c.tooLong(cause)
	for id, p := range c.requests {
		if p.own || p.sent && (!p.again || p == long) {
			delete(c.requests, id)
			lost = append(lost, p)
		}
		p.sent = false
	}
	c.mu.Unlock()
	for _, p := range lost {
		err := ErrBroken
		if p == long {
			err = errors.Join(ErrBroken, cause)
		}
		p.then(incoming{}, err)
	}
}

// tooLong returns the request for which the server has ended the connection, if it was
// for the length of one: the longest. Sent again, it would end the next one, too. mu is
// held.
func (c *Client) tooLong(cause error) (longest *pending) {
	if e, ok := errors.AsType[*conn.CloseError](cause); !ok || !e.Remote || e.Code != conn.CodeMessageTooBig {
		return nil
	}
	for _, p := range c.requests {
		if p.sent && (longest == nil || p.message.Len() > longest.message.Len()) {
			longest = p
		}
	}
	return longest
}

// isTransient reports whether a request that failed with err may be carried out on
// another connection.
func isTransient(err error) bool {
	e, ok := errors.AsType[*RequestError](err)
	if !ok {
		return errors.Is(err, ErrBroken)
	}
	return e.Code == "unavailable" || e.Code == "behind" || e.Code == "limit"
}
