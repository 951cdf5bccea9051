package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// run connects, again and again, until the client ends.
func (c *Client) run() {
	defer close(c.ended)
	for {
		err := c.live()
		if c.ctx.Err() != nil {
			c.end(nil)
			return
		}
		if isFinal(err) {
			c.cancel()
			c.end(err)
			return
		}
		timer := time.NewTimer(c.wait(err))
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
		}
	}
}

// The protocol's close codes that have a meaning of their own here.
const (
	closeBadToken = 4401
	closeTooMany  = 4429
)

// isFinal reports whether a connection ended in a way that forbids to come back.
func isFinal(err error) bool {
	e, ok := errors.AsType[*conn.CloseError](err)
	if !ok || !e.Remote {
		return false
	}
	return e.Code == conn.CodeUnsupportedData || e.Code == conn.CodePolicyViolation ||
		e.Code >= 4000 && e.Code != closeBadToken && e.Code != closeTooMany
}

// wait returns how long to wait before the next attempt.
func (c *Client) wait(err error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	longest := c.cfg.MinWait << min(c.failures, 20)
	if e, ok := errors.AsType[*conn.CloseError](err); ok && e.Code == closeTooMany || longest > c.cfg.MaxWait || longest <= 0 {
		longest = c.cfg.MaxWait
	}
	c.failures++
	return rand.N(longest) + 1
}

// live is the life of one connection. The error is why it ended.
func (c *Client) live() error {
	ws, err := c.open()
	if err != nil {
		return err
	}
	defer ws.Abort()
	stop := context.AfterFunc(c.ctx, func() { ws.Close(context.Background(), conn.CodeNormal, "") })
	defer stop()
	if err := c.ready(ws); err != nil {
		return err
	}
	c.state(true, nil)
	err = c.read(ws)
	c.lose(err)
	c.state(false, err)
	return err
}

func (c *Client) state(connected bool, err error) {
	if c.cfg.OnState != nil {
		c.cfg.OnState(connected, err)
	}
}

// open connects, and does what comes before anything else: the greeting and the token.
func (c *Client) open() (*conn.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.cfg.Timeout)
	defer cancel()
	ws, err := c.cfg.Dialer.Dial(ctx, c.cfg.URL)
	if err != nil {
		return nil, err
	}
	if err := c.greet(ctx, ws); err != nil {
		ws.Abort()
		return nil, err
	}
	return ws, nil
}

// greet reads the greeting and sends the token, if one is wanted.
func (c *Client) greet(ctx context.Context, ws *conn.Conn) error {
	var welcome welcome
	if err := ws.ReadJSON(ctx, &welcome); err != nil {
		return fmt.Errorf("client: greeting: %w", err)
	}
	if welcome.Event != "welcome" || welcome.Version != 1 {
		return errGreeting
	}
	if !welcome.Token {
		return nil
	}
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	if err := ws.WriteJSON(ctx, request{"do": "token", "token": token, "id": 0}); err != nil {
		return err
	}
	for {
		var in incoming
		if err := ws.ReadJSON(ctx, &in); err != nil {
			return err
		}
		if in.Event == "" { // else that its patience ends soon
			return in.failure()
		}
	}
}

func (c *Client) token(ctx context.Context) (string, error) {
	if c.cfg.Token == nil {
		return "", errors.New("client: the server wants a token (Config.Token)")
	}
	token, err := c.cfg.Token(ctx)
	if err != nil {
		return "", fmt.Errorf("client: token: %w", err)
	}
	return token, nil
}

// ready sends what waits for a connection.
func (c *Client) ready(ws *conn.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := slices.Sorted(maps.Keys(c.requests))
	c.ws = ws
	for _, h := range c.topics {
		if err := c.subscribe(h); err != nil {
			return err
		}
	}
	for _, id := range waiting {
		c.post(c.requests[id])
	}
	return nil
}

// read reads what comes until the end.
func (c *Client) read(ws *conn.Conn) error {
	for m, err := range ws.Messages(context.Background()) {
		if err != nil {
			return err
		}
		var in incoming
		if err := json.Unmarshal(m.Data, &in); err != nil {
			return fmt.Errorf("client: not of the protocol: %w", err)
		}
		switch in.Event {
		case "":
			c.answer(&in)
		case "expiring":
			go c.renew(ws)
		default:
			c.happen(&in)
		}
	}
	return ws.Err()
}

// happen tells a subscription of an event.
func (c *Client) happen(in *incoming) {
	c.mu.Lock()
	h := c.topics[in.Topic]
	if c.leaving[in.Topic] > 0 {
		h = nil // it is for another, and may lie far ahead of where this one resumes
	}
	fresh := h != nil && (h.reach(in.At) || in.Event != "message")
	if h != nil && in.At != "" {
		h.moved = true
	}
	c.mu.Unlock()
	if !fresh {
		return // unsubscribed a moment ago, or seen before
	}
	switch want := &h.want; {
	case in.Event == "message" && want.OnMessage != nil:
		want.OnMessage(in.Message)
	case in.Event == "gap" && want.OnGap != nil:
		want.OnGap()
	case (in.Event == "joined" || in.Event == "left") && want.OnPresence != nil:
		want.OnPresence(in.Member, in.Event == "left")
	}
}

// renew sends another token. If there is none the connection ends with the old one.
func (c *Client) renew(ws *conn.Conn) {
	ctx, cancel := context.WithTimeout(c.ctx, c.cfg.Timeout)
	defer cancel()
	token, err := c.token(ctx)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws == ws {
		c.enter(request{"do": "token", "token": token}, &pending{own: true, then: func(incoming, error) {}})
	}
}
