package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"

	"github.com/godwit-ws/godwit/conn"
)

// devtools speaks a browser's DevTools protocol, over a connection of our own
// client: calls with a number, their answers, and events.
type devtools struct {
	c *conn.Conn

	mu      sync.Mutex
	last    int
	waiting map[int]chan toolsMessage
	// onBinding gets what pages report, by session.
	onBinding map[string]func(payload string)
}

// toolsMessage is a call, an answer or an event.
type toolsMessage struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

func dialDevtools(ctx context.Context, rawURL string) (*devtools, error) {
	d := &conn.Dialer{
		Config: conn.Config{MaxMessageSize: -1},
		Proxy:  func(*url.URL) (*url.URL, error) { return nil, nil },
	}
	c, err := d.Dial(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	tools := &devtools{
		c:         c,
		waiting:   make(map[int]chan toolsMessage),
		onBinding: make(map[string]func(string)),
	}
	go tools.read()
	return tools, nil
}

// read hands out answers and events until the connection has ended. Whoever
// waits then is told by the connection's context.
func (d *devtools) read() {
	for {
		var m toolsMessage
		if err := d.c.ReadJSON(context.Background(), &m); err != nil {
			d.c.Abort()
			return
		}
		if m.Method == "Runtime.bindingCalled" {
			d.binding(m)
			continue
		}
		d.mu.Lock()
		if answer, ok := d.waiting[m.ID]; ok {
			delete(d.waiting, m.ID)
			answer <- m
		}
		d.mu.Unlock()
	}
}

func (d *devtools) binding(m toolsMessage) {
	var p struct {
		Payload string `json:"payload"`
	}
	json.Unmarshal(m.Params, &p) // a payload that isn't one is no report either
	d.mu.Lock()
	f := d.onBinding[m.Session]
	d.mu.Unlock()
	if f != nil {
		f(p.Payload)
	}
}

// post sends a call whose answer nobody waits for.
func (d *devtools) post(ctx context.Context, session, method string, params any) error {
	return d.write(ctx, session, method, params, nil)
}

// call sends a call and decodes the answer into result, unless that is nil.
func (d *devtools) call(ctx context.Context, session, method string, params, result any) error {
	answer := make(chan toolsMessage, 1)
	if err := d.write(ctx, session, method, params, answer); err != nil {
		return err
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("devtools: %s: %s", method, m.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-d.c.Context().Done():
		return fmt.Errorf("devtools: %s: %w", method, d.c.Err())
	case <-ctx.Done():
		return fmt.Errorf("devtools: %s: %w", method, ctx.Err())
	}
}

func (d *devtools) write(ctx context.Context, session, method string, params any, answer chan toolsMessage) error {
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.last++
	n := d.last
	if answer != nil {
		d.waiting[n] = answer
	}
	d.mu.Unlock()
	return d.c.WriteJSON(ctx, toolsMessage{ID: n, Session: session, Method: method, Params: raw})
}
