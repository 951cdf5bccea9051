package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

// agent is a peer that runs elsewhere: in a process, or in a browser's page. It
// is told what to do by commands, and tells what happens by reports, both JSON.
// One agent has many connections, each with a number: those it dials get theirs
// from us, those it accepts from itself.
type agent struct {
	name string
	can  ability
	tell func(command []byte) error // any goroutine may call it

	mu      sync.Mutex
	last    int                // number given to a connection or a server
	sides   map[int]*agentSide // by number of connection
	servers map[int]*server    // by number of server
	waiting map[int]chan report
	gone    chan struct{} // closed when no more reports come
}

// command is what an agent is told.
type command struct {
	Do           string                   `json:"do"` // serve, dial, send, ping, close, drop
	Server       int                      `json:"server,omitempty"`
	Conn         int                      `json:"conn,omitempty"`
	URL          string                   `json:"url,omitempty"`
	Subprotocols []string                 `json:"subprotocols,omitempty"`
	Deflate      *handshake.DeflatePolicy `json:"deflate,omitempty"`
	CertFile     string                   `json:"certFile,omitempty"`
	KeyFile      string                   `json:"keyFile,omitempty"`
	Text         bool                     `json:"text,omitempty"`
	Parts        [][]byte                 `json:"parts,omitempty"` // in base64
	Code         frame.Code               `json:"code,omitempty"`  // 1005 means none
	Reason       string                   `json:"reason,omitempty"`
}

// report is what an agent says.
type report struct {
	Event       string     `json:"event"` // ready, serving, open, message, pong, closed, failed
	Server      int        `json:"server"`
	Conn        int        `json:"conn"`
	URL         string     `json:"url"`
	Subprotocol string     `json:"subprotocol"`
	Answer      string     `json:"answer"`
	Text        bool       `json:"text"`
	Data        []byte     `json:"data"` // in base64
	Code        frame.Code `json:"code"`
	Reason      string     `json:"reason"`
	Error       string     `json:"error"`
}

func newAgent(name string, can ability) *agent {
	return &agent{
		name: name, can: can,
		sides:   make(map[int]*agentSide),
		servers: make(map[int]*server),
		waiting: make(map[int]chan report),
		gone:    make(chan struct{}),
	}
}

func (a *agent) abilities() ability { return a.can }

func (a *agent) command(c command) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return a.tell(line)
}

// ask gives a command with the number n and waits for the report that answers it.
func (a *agent) ask(ctx context.Context, n int, c command) (report, error) {
	answer := a.expect(n)
	if err := a.command(c); err != nil {
		return report{}, err
	}
	return a.await(ctx, answer)
}

// expect announces that the next report with the number n is an answer.
func (a *agent) expect(n int) <-chan report {
	answer := make(chan report, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[n] = answer
	return answer
}

// await waits for an answer.
func (a *agent) await(ctx context.Context, answer <-chan report) (report, error) {
	select {
	case r := <-answer:
		if r.Event == "failed" {
			return report{}, fmt.Errorf("%s: %s", a.name, r.Error)
		}
		return r, nil
	case <-a.gone:
		return report{}, fmt.Errorf("%s is gone", a.name)
	case <-ctx.Done():
		return report{}, fmt.Errorf("%s doesn't answer: %w", a.name, ctx.Err())
	}
}

// number returns a number that no connection and no server has.
func (a *agent) number() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	return a.last
}

func (a *agent) dial(ctx context.Context, url string, o terms) (side, error) {
	n := a.number()
	end := a.add(n)
	r, err := a.ask(ctx, n, o.command(command{Do: "dial", Conn: n, URL: url}))
	if err != nil {
		return nil, err
	}
	end.protocol, end.extensions = r.Subprotocol, r.Answer
	return end, nil
}

func (a *agent) serve(ctx context.Context, o terms) (*server, error) {
	n := a.number()
	s := newServer("")
	a.mu.Lock()
	a.servers[n] = s
	a.mu.Unlock()
	r, err := a.ask(ctx, n, o.command(command{Do: "serve", Server: n}))
	if err != nil {
		return nil, err
	}
	s.url = r.URL
	context.AfterFunc(ctx, func() {
		a.command(command{Do: "drop", Server: n}) // an agent that is gone has dropped it
	})
	return s, nil
}

// command adds the terms to a command.
func (o terms) command(c command) command {
	c.Subprotocols, c.Deflate = o.subprotocols, o.deflate
	if o.cert != nil {
		c.CertFile, c.KeyFile = o.cert.certFile, o.cert.keyFile
	}
	return c
}

// add makes the end of a connection.
func (a *agent) add(n int) *agentSide {
	a.mu.Lock()
	defer a.mu.Unlock()
	end := &agentSide{inbox: newInbox(), agent: a, number: n}
	a.sides[n] = end
	return end
}

// report takes in what the agent says.
func (a *agent) report(line []byte) error {
	var r report
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("%s says %.200q: %w", a.name, line, err)
	}
	if r.Event == "open" && r.Server != 0 {
		end := a.add(r.Conn)
		end.protocol = r.Subprotocol
		a.server(r.Server).accepted <- end
		return nil
	}
	if a.answered(r) {
		return nil
	}
	a.mu.Lock()
	end := a.sides[r.Conn]
	a.mu.Unlock()
	if end == nil {
		return fmt.Errorf("%s reports %s of no connection: %s", a.name, r.Event, r.Error)
	}
	end.put(r.event())
	return nil
}

func (a *agent) server(n int) *server {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.servers[n]
}

// answered hands a report to whoever asked.
func (a *agent) answered(r report) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := r.Conn + r.Server // at least one of them is 0
	answer, ok := a.waiting[n]
	if ok {
		delete(a.waiting, n)
		answer <- r
	}
	return ok
}

func (r report) event() event {
	switch r.Event {
	case "message":
		op := conn.Binary
		if r.Text {
			op = conn.Text
		}
		return event{kind: message, op: op, data: r.Data}
	case "pong":
		return event{kind: pong, data: r.Data}
	case "closed":
		return event{kind: closed, code: r.Code, reason: r.Reason}
	}
	return event{kind: kind(r.Event), reason: r.Error}
}

// agentSide is an agent's end of a connection.
type agentSide struct {
	inbox
	agent      *agent
	number     int
	protocol   string
	extensions string
}

func (s *agentSide) tell(c command) error {
	c.Conn = s.number
	return s.agent.command(c)
}

func (s *agentSide) send(_ context.Context, op conn.Opcode, parts ...[]byte) error {
	return s.tell(command{Do: "send", Text: op == conn.Text, Parts: parts})
}

func (s *agentSide) ping(_ context.Context, p []byte) error {
	return s.tell(command{Do: "ping", Parts: [][]byte{p}})
}

func (s *agentSide) close(_ context.Context, code frame.Code, reason string) error {
	return s.tell(command{Do: "close", Code: code, Reason: reason})
}

func (s *agentSide) drop() {
	s.tell(command{Do: "drop"}) // an agent that is gone has dropped it
}

func (s *agentSide) subprotocol() string { return s.protocol }

func (s *agentSide) answer() string { return s.extensions }
