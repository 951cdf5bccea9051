//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// pool gives sockets their turns on goroutines of their own, where hooks may wait.
type pool struct {
	watch   *watch
	running sync.WaitGroup
	jobs    atomic.Uint64 // that were submitted

	mu   sync.Mutex
	all  []*hand
	idle []*hand
}

// hand is what a goroutine needs to give turns.
type hand struct {
	drive.Workspace
	shift
	job  *socket // that has its turns
	turn uint64  // job's last one, as its shift numbers it
	work func()  // gives job its turns; kept so that starting it doesn't allocate
	pos  int     // in pool.all
	seen lasting // by the watch
}

// maxIdle is how many hands are kept for goroutines to come.
const maxIdle = 64

func (p *pool) take() *hand {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		h := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return h
	}
	h := &hand{pos: len(p.all)}
	h.work = func() { p.work(h) }
	h.Scratch = make([]byte, scratchSize)
	p.all = append(p.all, h)
	return h
}

func (p *pool) give(h *hand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < maxIdle {
		p.idle = append(p.idle, h)
		return
	}
	last := p.all[len(p.all)-1]
	p.all[h.pos], last.pos = last, h.pos
	p.all[len(p.all)-1] = nil
	p.all = p.all[:len(p.all)-1]
}

// submit gives s, which is scheduled, its turns.
func (p *pool) submit(s *socket) {
	p.running.Add(1)
	p.jobs.Add(1)
	h := p.take()
	h.job = s
	go h.work()
}

// work is the life of a goroutine of the pool. Should a hook end it, another one
// goes on.
func (p *pool) work(h *hand) {
	s := h.job
	returned := false
	defer func() {
		h.job = nil
		if !returned {
			h.end(h.turn)
			p.submit(s)
		}
		p.give(h)
		p.running.Done()
	}()
	for done := false; !done; {
		done, _ = s.turns(h, &h.shift)
	}
	returned = true
}

// look looks after hooks that have been running since the watch looked last. It
// reports whether any is running.
func (p *pool) look() (active bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.all {
		n := h.number.Load()
		switch {
		case n%2 == 0:
			continue
		case n != h.seen.number:
			h.seen = lasting{number: n}
		case !h.seen.told:
			h.seen.told = true
			h.overdue(n)
		}
		active = true
	}
	return active
}

// begun reports whether a turn is under way.
func (p *pool) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.all, func(h *hand) bool { return h.number.Load()%2 == 1 })
}

// wait waits for the goroutines at work.
func (p *pool) wait() { p.running.Wait() }
