package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/godwit-ws/godwit/app"
)

var _ app.Roster = (*Cluster)(nil)

// Cluster makes one of the servers that have one: it is an app.Broker, and an
// app.Roster. Each process has its own.
type Cluster struct {
	cfg      Config
	node     string
	subjects subjects
	log      *slog.Logger
	embedded *server.Server // nil without Config.Embed
	nc       *nats.Conn
	js       jetstream.JetStream
	server   atomic.Pointer[app.Server] // Attach

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	sends    chan struct{} // one in it for each message on its way to a connection, of other nodes
	streams  streams
	lanes    []chan *nats.Msg
	subs     subscriptions
	presence presence
}

// Timeouts and sizes of the connection to NATS.
const (
	connectTimeout = 5 * time.Second
	reconnectWait  = 250 * time.Millisecond
	pingInterval   = 3 * time.Second // two without an answer end a dead connection
	apiTimeout     = 5 * time.Second
)

// New connects to NATS, which must be there, and begins to be a node. Config.Retain
// and Name must be the same on all nodes.
func New(cfg Config) (*Cluster, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Cluster{cfg: cfg, node: nuid.Next()[12:], subjects: subjects(cfg.Name), log: cfg.Logger, sends: make(chan struct{}, sendsAtOnce)}
	c.streams.byLabel = make(map[string]*stream)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if err := c.connect(); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.begin(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// connect starts the embedded server, if there is one, and connects.
func (c *Cluster) connect() (err error) {
	url := c.cfg.URL
	options := c.natsOptions()
	if c.cfg.Embed != nil {
		if c.embedded, err = c.cfg.Embed.start(); err != nil {
			return err
		}
		if url == "" {
			options = append(options, nats.InProcessServer(c.embedded), nats.Token(c.cfg.Embed.Token))
		}
	}
	if c.nc, err = nats.Connect(url, options...); err != nil {
		return fmt.Errorf("cluster: connect to NATS: %w", unavailable(err))
	}
	c.js, err = jetstream.New(c.nc)
	return err
}

func (c *Cluster) natsOptions() []nats.Option {
	options := []nats.Option{
		nats.Name(c.cfg.Name + " " + c.node), nats.NoEcho(), nats.Timeout(connectTimeout),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !c.nc.IsClosed() {
				c.log.Warn("NATS is gone; trying to reach it", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			c.log.Info("NATS is back", "url", nc.ConnectedUrlRedacted())
			c.recover()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) { c.onError(s, err) }),
	}
	buffer := -1
	if c.cfg.Down == Wait {
		buffer = outageBuffer
	}
	options = append(options, nats.ReconnectBufSize(buffer))
	if c.cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(c.cfg.Credentials))
	}
	if c.cfg.User != "" {
		options = append(options, nats.UserInfo(c.cfg.User, c.cfg.Password))
	}
	if c.cfg.Token != "" {
		options = append(options, nats.Token(c.cfg.Token))
	}
	if c.cfg.TLS != nil {
		options = append(options, nats.Secure(c.cfg.TLS))
	}
	return options
}

// onError deals with what NATS reports beside calls.
func (c *Cluster) onError(s *nats.Subscription, err error) {
	if s != nil && errors.Is(err, nats.ErrSlowConsumer) {
		c.subs.suspect(s)
	}
	c.log.Warn("NATS reports an error", "error", err)
}

// begin starts what a node does by itself.
func (c *Cluster) begin() error {
	c.subs.init()
	c.startLanes()
	if err := c.listen(); err != nil {
		return err
	}
	if err := c.startPresence(); err != nil {
		return err
	}
	c.running.Go(c.checkStreams)
	return nil
}

// recover brings everything up to date when NATS is back.
func (c *Cluster) recover() {
	c.subs.suspectAll()
	c.presence.renewAll()
	c.presence.watchAnew()
}

// Attach tells which server's connections are meant by requests. It is called once the
// server is made with the Cluster as its Broker.
func (c *Cluster) Attach(s *app.Server) { c.server.Store(s) }

// Node returns this node's id, another one each time it starts.
func (c *Cluster) Node() string { return c.node }

// NATS returns the connection to NATS, for uses of your own. Its own messages don't
// come back to it.
func (c *Cluster) NATS() *nats.Conn { return c.nc }

// ClientURL returns where other nodes can connect to the embedded nats-server, or "".
func (c *Cluster) ClientURL() string {
	if c.embedded == nil {
		return ""
	}
	return c.embedded.ClientURL()
}

// Close ends the node: it says goodbye, so that its members are gone at once, and
// disconnects. The server should be shut down before. A second call does nothing.
func (c *Cluster) Close() {
	if c.ctx.Err() != nil {
		return
	}
	c.cancel()
	c.running.Wait()
	if c.nc != nil {
		c.farewell()
		c.nc.Close()
	}
	if c.embedded != nil {
		c.embedded.Shutdown()
		c.embedded.WaitForShutdown()
	}
}
