package cluster

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Embed is a nats-server inside this process. The zero value is one on its own, on a
// free port of the loopback interface, with its streams in the folder "data/nats".
//
// On its own it is as good as the machine it runs on: further nodes join by its URL,
// and lose each other when it stops. For one of them to be lost, three must be
// configured alike, with Routes to each other, and Config.Replicas be 3.
type Embed struct {
	// Addr is where NATS clients connect: other nodes, that is. "" means 127.0.0.1 and a
	// free port; "0.0.0.0:4222" opens it to other machines: set Token then.
	Addr string
	// Dir is where streams are kept. "" means "data/nats".
	Dir string
	// Name is the server's, unique among its cluster's. "" is a random one, which is not
	// for servers with Routes: they are known by it when they come back.
	Name string
	// ClusterAddr is where the other servers of the cluster connect, and Routes are
	// those of all of them, this one's too: "host:6222". Without Routes it is on its own.
	ClusterAddr string
	Routes      []string
	// Token, if set, is what clients must show, and servers of the cluster each other.
	Token string
	// SyncAlways makes each message safe on disk before it is acknowledged. Without, a
	// message survives the death of the process, and is synced every SyncInterval, 0
	// meaning 2 min; what wasn't is lost when the power fails, on all servers at once.
	SyncAlways   bool
	SyncInterval time.Duration
}

const (
	defaultNATSDir = "data/nats"
	startLimit     = 20 * time.Second
	clusterName    = "godwit"
)

// options returns the server's options.
func (e *Embed) options() (*server.Options, error) {
	o := &server.Options{
		ServerName: e.Name, JetStream: true, StoreDir: e.Dir, NoSigs: true, NoLog: true,
		Authorization: e.Token, SyncAlways: e.SyncAlways, SyncInterval: e.SyncInterval, MaxPayload: maxPayload,
	}
	if o.StoreDir == "" {
		o.StoreDir = defaultNATSDir
	}
	var err error
	if o.Host, o.Port, err = hostPort(e.Addr, "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if len(e.Routes) == 0 {
		return o, nil
	}
	if e.Name == "" {
		return nil, fmt.Errorf("%w: Embed.Name must be given with Routes, and stay the same", ErrConfig)
	}
	o.Cluster.Name = clusterName
	if o.Cluster.Host, o.Cluster.Port, err = hostPort(e.ClusterAddr, ""); err != nil {
		return nil, err
	}
	if e.Token != "" {
		o.Cluster.Username, o.Cluster.Password = clusterName, e.Token
	}
	for _, r := range e.Routes {
		u := &url.URL{Scheme: "nats", Host: r}
		if e.Token != "" {
			u.User = url.UserPassword(clusterName, e.Token)
		}
		o.Routes = append(o.Routes, u)
	}
	return o, nil
}

// maxPayload is the longest message that NATS is to take, in bytes: a little more than
// a WebSocket message may have by default.
const maxPayload = 4 << 20

// hostPort splits an address; port 0 is a free one.
func hostPort(addr, def string) (host string, port int, err error) {
	if addr == "" {
		addr = def
	}
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("%w: address %q: write host:port", ErrConfig, addr)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// start starts the server, and waits until it takes connections.
func (e *Embed) start() (*server.Server, error) {
	o, err := e.options()
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("cluster: nats-server: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(startLimit) {
		s.Shutdown()
		return nil, fmt.Errorf("cluster: nats-server isn't ready within %v; is %s in use, or %s not writable?", startLimit, e.Addr, o.StoreDir)
	}
	return s, nil
}
