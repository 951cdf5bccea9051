// Package badline is a line between a client and a server that isn't to be trusted, for
// tests: it cuts connections at any byte, stalls, and delivers in pieces, by chance.
package badline

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Line accepts connections and carries each to the target of the moment. All methods
// may be called from any goroutine at any time.
type Line struct {
	listener net.Listener
	target   atomic.Value // string; "" means nobody is there
	good     atomic.Bool  // no more harm is done
	seed     uint64
	work     sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	made  uint64
	pairs map[*pair]struct{}
}

// pair is a connection and its other half.
type pair struct {
	near, far net.Conn
	once      sync.Once
}

// cut ends both halves, with a reset or in order.
func (p *pair) cut(reset bool) {
	p.once.Do(func() {
		for _, nc := range []net.Conn{p.near, p.far} {
			if tcp, ok := nc.(*net.TCPConn); ok && reset {
				tcp.SetLinger(0)
			}
			nc.Close() // whoever reads or writes finds out
		}
	})
}

// New listens on a port of the loopback. What happens to connections, seed decides.
func New(seed uint64) (*Line, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	line := &Line{listener: l, seed: seed, pairs: make(map[*pair]struct{})}
	line.target.Store("")
	line.work.Go(line.accept)
	return line, nil
}

// Addr returns where to connect.
func (l *Line) Addr() *net.TCPAddr { return l.listener.Addr().(*net.TCPAddr) }

// Target has connections made from now on lead to an address; "" refuses them.
func (l *Line) Target(addr string) { l.target.Store(addr) }

// Heal ends all harm to connections made from now on, and drops those there are.
func (l *Line) Heal() {
	l.good.Store(true)
	l.Cut()
}

// Cut drops all connections.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		p.cut(true)
	}
}

// Close drops all connections and waits until nothing is left.
func (l *Line) Close() {
	l.listener.Close() // accept returns
	l.good.Store(true)
	l.Cut()
	l.work.Wait()
}

func (l *Line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			l.Cut() // made since Close's
			return
		}
		l.work.Go(func() { l.carry(near) })
	}
}

// carry is the life of one connection.
func (l *Line) carry(near net.Conn) {
	defer near.Close()
	target := l.target.Load().(string)
	if target == "" {
		return
	}
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	p := &pair{near: near, far: far}
	l.mu.Lock()
	l.made++
	g := rand.New(rand.NewPCG(l.seed, l.made))
	l.pairs[p] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.pairs, p)
	}()
	var both sync.WaitGroup
	harm := !l.good.Load()
	for i, way := range [2][2]net.Conn{{near, far}, {far, near}} {
		h := harms{Rand: rand.New(rand.NewPCG(g.Uint64(), uint64(i))), left: -1}
		if harm {
			h.choose()
		}
		both.Go(func() { p.copy(way[0], way[1], &h) })
	}
	both.Wait()
}

// harms is what is done to one direction.
type harms struct {
	*rand.Rand
	left   int           // bytes until it is cut; negative: never
	stall  time.Duration // before the cut
	reset  bool
	piece  int           // longest piece carried at once; 0: as they come
	breaks time.Duration // longest wait between pieces
}

// choose picks the harms: one direction in three is cut, after few bytes or many.
func (h *harms) choose() {
	if h.IntN(3) == 0 {
		h.left = h.IntN(1 << (4 + h.IntN(15)))
		h.reset = h.IntN(2) == 0
		h.stall = time.Duration(max(0, h.IntN(60)-30)) * time.Millisecond
	}
	if h.IntN(2) == 0 {
		h.piece = 1 + h.IntN(200)
	}
	if h.IntN(3) == 0 {
		h.breaks = time.Duration(h.IntN(2000)) * time.Microsecond
	}
}

// copy carries what comes until the end of either half, or of the line's patience.
func (p *pair) copy(from, to net.Conn, h *harms) {
	buf := make([]byte, 32<<10)
	for {
		part := buf
		if h.piece > 0 {
			part = buf[:1+h.IntN(h.piece)]
		}
		n, err := from.Read(part)
		if h.left >= 0 && n >= h.left {
			to.Write(part[:h.left]) // the end comes anyhow
			time.Sleep(h.stall)
			p.cut(h.reset)
			return
		}
		if h.left > 0 {
			h.left -= n
		}
		if h.breaks > 0 {
			time.Sleep(rand.N(h.breaks))
		}
		if _, werr := to.Write(part[:n]); err != nil || werr != nil {
			p.cut(false)
			return
		}
	}
}
