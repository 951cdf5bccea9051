package cluster

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// Config sets up a Cluster. 0 means the default.
type Config struct {
	// URL is where NATS is: nats://host:4222, or several with commas between. "" means
	// Embed, which must be set then.
	URL string
	// Embed, if set, starts a nats-server in this process. With URL "" it is the one that
	// is connected to.
	Embed *Embed
	// Credentials is the path of a file of NATS credentials, User and Password, or
	// Token, are the simpler ways; TLS is for tls:// and for what the server demands.
	Credentials           string
	User, Password, Token string
	TLS                   *tls.Config

	// Name keeps several applications apart on one NATS: letters, digits, hyphen and
	// underscore, 32 at the most. "" means "godwit".
	Name string
	// Retain says how much of a topic's messages is kept, and must say the same on all
	// nodes. Nil keeps none. MaxBytes of a Retention, if it is given, bounds the
	// stream that the topic shares with others, whose oldest messages then go.
	Retain func(topic string) app.Retention
	// Shards is how many streams there are for each Retention: topics are spread over
	// them. It must not change while history matters. 0 means 4.
	Shards int
	// Replicas is on how many NATS servers a stream is. 0 means 1; 3 survives the loss
	// of one of three.
	Replicas int
	// InMemory keeps streams in the memory of NATS: quicker, and lost when all its
	// servers that have them stop.
	InMemory bool
	// MaxStreamBytes bounds each stream. 0 means 1 GiB. Where a Retention names no
	// MaxBytes, publications fail with ErrFull past it.
	MaxStreamBytes int64

	// Down says what publishing does while NATS can't be reached.
	Down Down
	// PublishTimeout bounds a publication to a topic with history. 0 means 5 s.
	PublishTimeout time.Duration
	// Deduplicate is how long NATS knows the ID of a publication. 0 means 2 min.
	Deduplicate time.Duration
	// Lease is after how much silence a node counts as dead, and its members as gone. 0
	// means 10 s.
	Lease time.Duration
	// CheckInterval is how often topics with history are compared with their streams,
	// lest the last message before a silence be lost on its way. 0 means 5 s.
	CheckInterval time.Duration

	// Logger is told when NATS comes and goes, and what goes wrong with it. Nil means
	// slog.Default.
	Logger *slog.Logger
}

// Down says what publishing does while NATS can't be reached. Members of topics without
// history get what is published on their own node in any case.
type Down uint8

const (
	// Fail returns ErrUnavailable at once.
	Fail Down = iota
	// Wait waits for NATS: with history for Config.PublishTimeout, without in a buffer
	// of 8 MiB that is sent when NATS comes back; then it is ErrUnavailable.
	Wait
)

const (
	defaultName           = "godwit"
	defaultShards         = 4
	defaultReplicas       = 1
	defaultMaxStreamBytes = 1 << 30
	defaultPublishTimeout = 5 * time.Second
	defaultDeduplicate    = 2 * time.Minute
	defaultLease          = 10 * time.Second
	defaultCheckInterval  = 5 * time.Second

	outageBuffer = 8 << 20 // bytes, with Wait
)

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = defaultName
	}
	if c.Retain == nil {
		c.Retain = func(string) app.Retention { return app.Retention{} }
	}
	if c.Shards <= 0 {
		c.Shards = defaultShards
	}
	if c.Replicas <= 0 {
		c.Replicas = defaultReplicas
	}
	if c.MaxStreamBytes == 0 {
		c.MaxStreamBytes = defaultMaxStreamBytes
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&c.PublishTimeout, defaultPublishTimeout}, {&c.Deduplicate, defaultDeduplicate},
		{&c.Lease, defaultLease}, {&c.CheckInterval, defaultCheckInterval},
	} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// check finds what can't be right.
func (c *Config) check() error {
	switch {
	case c.URL == "" && c.Embed == nil:
		return fmt.Errorf("%w: name a URL or set Embed", ErrConfig)
	case !validName.MatchString(c.Name):
		return fmt.Errorf("%w: Name must be 1 to 32 letters, digits, hyphens and underscores", ErrConfig)
	case c.Replicas > 5:
		return fmt.Errorf("%w: Replicas must be 5 at the most", ErrConfig)
	}
	return nil
}
