package client

import (
	"context"
	"errors"
	"sync"

	"github.com/godwit-ws/godwit/conn"
)

// Client is connected to a server, or on its way there, until it is closed.
type Client struct {
	cfg    Config
	ctx    context.Context // ends with the client
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex // guards the fields below
	ws       *conn.Conn // greeted, and given its token; nil without one
	topics   map[string]*Handle
	leaving  map[string]int // topics → how often unsubscribed without an answer yet
	requests map[uint64]*pending
	last     uint64 // id of a request
	failures int    // attempts since something was carried out
	err      error  // why it has ended
}

// New makes a Client, which begins to connect at once. The error is of a URL that
// can't be one.
func New(c Config) (*Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	cl := &Client{
		cfg: c.withDefaults(), ended: make(chan struct{}),
		topics: make(map[string]*Handle), leaving: make(map[string]int), requests: make(map[uint64]*pending),
	}
	cl.ctx, cl.cancel = context.WithCancel(context.Background())
	go cl.run()
	return cl, nil
}

// Close ends the client, and waits until none of its functions run any more, unless it
// is called from one of them: use go then.
func (c *Client) Close() {
	c.cancel()
	<-c.ended
}

// Done returns a channel that is closed when the client has ended.
func (c *Client) Done() <-chan struct{} { return c.ended }

// Err returns why the client has ended: ErrClosed, and the server's *conn.CloseError
// with it if it was the server. It is nil before.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// end notes that the client has ended, and tells all who wait.
func (c *Client) end(cause error) {
	c.mu.Lock()
	c.err = errors.Join(ErrClosed, cause)
	waiting := c.requests
	c.requests = make(map[uint64]*pending)
	c.mu.Unlock()
	for _, p := range waiting {
		p.then(incoming{}, c.err)
	}
}

// Publication says how something is published. The zero value is enough.
type Publication struct {
	// Key is what the message is about, for topics that keep the latest only.
	Key string
	// Once is an identity: with one, the message is sent again if the line breaks before
	// the answer, and a server that remembers takes it once; but not if it broke for the
	// length of the message (conn.CodeMessageTooBig): then that fails with ErrBroken, too.
	// Others mustn't guess it, since who comes first is taken: make it random, and 255
	// bytes at the most.
	Once string
	// Quiet keeps it from coming back to this client.
	Quiet bool
}

// Publish publishes to a topic, and returns the message's position, "" where no
// history is kept. It waits while the client isn't connected, as long as ctx lasts.
// Errors: a *RequestError; ErrBroken, ErrClosed, ErrPending; ctx's.
func (c *Client) Publish(ctx context.Context, topic string, p Payload) (at string, err error) {
	return c.PublishWith(ctx, topic, p, Publication{})
}

// PublishWith is Publish with more to say.
func (c *Client) PublishWith(ctx context.Context, topic string, p Payload, how Publication) (at string, err error) {
	r := request{"do": "publish", "topic": topic}
	p.put(r)
	if how.Key != "" {
		r["key"] = how.Key
	}
	if how.Once != "" {
		r["once"] = how.Once
	}
	if how.Quiet {
		r["quiet"] = true
	}
	in, err := c.ask(ctx, r, how.Once != "")
	return in.At, err
}

// Members returns who is in a topic. Errors are those of Publish but for ErrBroken.
func (c *Client) Members(ctx context.Context, topic string) ([]Member, error) {
	in, err := c.ask(ctx, request{"do": "members", "topic": topic}, true)
	return in.Members, err
}

// SetInfo says what others see of this client, for this connection. Errors are those
// of Members.
func (c *Client) SetInfo(ctx context.Context, info any) error {
	_, err := c.ask(ctx, request{"do": "info", "info": info}, true)
	return err
}
