package app

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn"
)

// nodePool holds the targets that a node sends to.
type nodePool struct {
	n      *Node
	dialer conn.Dialer

	mu      sync.Mutex
	targets map[string]*nodeTarget // by host and port
	era     *nodeEra               // nil until something is sent
}

// nodeEra is what a pool has opened from one stop of the node to the next.
type nodeEra struct {
	ctx    context.Context // ends with the era
	cancel context.CancelFunc
	work   sync.WaitGroup // all goroutines

	mu     sync.Mutex
	links  map[*nodeLink]struct{} // all that haven't ended
	closed bool
}

func (p *nodePool) init(n *Node) {
	p.n = n
	p.dialer = conn.Dialer{Config: n.cfg.conns(), Proxy: noNodeProxy}
	p.targets = make(map[string]*nodeTarget)
}

// acquire returns the target with an address, in use until release.
func (p *nodePool) acquire(ip string, port int) (*nodeTarget, error) {
	host, err := nodeHost(ip)
	if err != nil {
		return nil, err
	}
	key := net.JoinHostPort(host, strconv.Itoa(port))
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[key]
	if t == nil {
		if limit := p.n.cfg.MaxTargets; limit > 0 && len(p.targets) >= limit && !p.evict() {
			return nil, errNodeTargets
		}
		t = newNodeTarget(p.n, p.begin(), host, key, port)
		p.targets[key] = t
	}
	t.users++
	return t, nil
}

func (p *nodePool) release(t *nodeTarget) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.users--
	t.used = time.Now()
}

// evict forgets the target that was unused for longest. It returns false if all
// are in use. mu is held.
func (p *nodePool) evict() bool {
	var oldest *nodeTarget
	for _, t := range p.targets {
		if t.users == 0 && (oldest == nil || t.used.Before(oldest.used)) {
			oldest = t
		}
	}
	if oldest == nil {
		return false
	}
	delete(p.targets, oldest.key)
	oldest.era.spawn(oldest.drop) // else it is closed already
	return true
}

// begin returns the era. mu is held.
func (p *nodePool) begin() *nodeEra {
	if p.era == nil {
		p.era = &nodeEra{links: make(map[*nodeLink]struct{})}
		p.era.ctx, p.era.cancel = context.WithCancel(context.Background())
	}
	return p.era
}

// close forgets all targets, begins to close their links, and returns the era that
// ends, nil if there is none. The pool stays usable.
func (p *nodePool) close() *nodeEra {
	p.mu.Lock()
	e := p.era
	p.era = nil
	clear(p.targets)
	p.mu.Unlock()
	if e == nil {
		return nil
	}
	e.cancel()
	for _, l := range e.end() {
		e.work.Go(func() { l.leave(conn.CodeGoingAway, errNodeStopped) })
	}
	return e
}

// spawn runs f on a goroutine of the era's. It returns false if the era has ended.
func (e *nodeEra) spawn(f func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.work.Go(f)
	return true
}

// end keeps links from being added and goroutines from being spawned, and returns the
// links there are.
func (e *nodeEra) end() []*nodeLink {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return slices.Collect(maps.Keys(e.links))
}

// add takes in a link and starts it, before anybody can find it there to end it. It
// returns false if the era has ended.
func (e *nodeEra) add(l *nodeLink) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.links[l] = struct{}{}
	l.start(e)
	return true
}

func (e *nodeEra) remove(l *nodeLink) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.links, l)
}

// wait waits until everything has ended; it drops the links that are left when ctx
// ends.
func (e *nodeEra) wait(ctx context.Context) error {
	err := nodeWait(ctx, &e.work)
	if err != nil {
		for _, l := range e.end() {
			l.c.Abort()
		}
	}
	return err
}

// nodeHost returns the host that ip names, without the brackets of an IPv6 address.
func nodeHost(ip string) (string, error) {
	host := ip
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if host == "" || !utf8.ValidString(host) || strings.ContainsAny(host, "/?#@[]\\ \t\r\n") {
		return "", fmt.Errorf("%q is no IP address or name of a host", ip)
	}
	return host, nil
}
