package chromium

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"

	"github.com/godwit-ws/godwit/conn"
)

// DevTools speaks a browser's DevTools protocol: calls with a number, their answers,
// and events. All methods may be called from any goroutine.
type DevTools struct {
	c *conn.Conn

	mu      sync.Mutex // guards the fields below
	last    int
	waiting map[int]chan message
	events  map[topic]func(params json.RawMessage)
}

// topic is what events are told apart by.
type topic struct{ session, method string }

// message is a call, an answer or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// DialDevTools connects to a browser.
func DialDevTools(ctx context.Context, rawURL string) (*DevTools, error) {
	d := &conn.Dialer{
		Config: conn.Config{MaxMessageSize: -1},
		Proxy:  func(*url.URL) (*url.URL, error) { return nil, nil },
	}
	c, err := d.Dial(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	tools := &DevTools{c: c, waiting: make(map[int]chan message), events: make(map[topic]func(json.RawMessage))}
	go tools.read()
	return tools, nil
}

// On sets what is called, in order, for the events of a session ("" is the browser
// itself) that have this name. It must not block.
func (d *DevTools) On(session, method string, f func(params json.RawMessage)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events[topic{session, method}] = f
}

// Call sends a call and decodes the answer into result, unless that is nil.
func (d *DevTools) Call(ctx context.Context, session, method string, params, result any) error {
	answer := make(chan message, 1)
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

// Post sends a call whose answer nobody waits for.
func (d *DevTools) Post(ctx context.Context, session, method string, params any) error {
	return d.write(ctx, session, method, params, nil)
}

// Close drops the connection.
func (d *DevTools) Close() { d.c.Abort() }

func (d *DevTools) write(ctx context.Context, session, method string, params any, answer chan message) error {
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
	return d.c.WriteJSON(ctx, message{ID: n, Session: session, Method: method, Params: raw})
}

// read hands out answers and events until the connection has ended. Whoever waits
// then is told by the connection's context.
func (d *DevTools) read() {
	for {
		var m message
		if err := d.c.ReadJSON(context.Background(), &m); err != nil {
			d.c.Abort()
			return
		}
		d.mu.Lock()
		event := d.events[topic{m.Session, m.Method}]
		if answer, ok := d.waiting[m.ID]; ok && m.Method == "" {
			delete(d.waiting, m.ID)
			answer <- m
		}
		d.mu.Unlock()
		if event != nil {
			event(m.Params)
		}
	}
}
