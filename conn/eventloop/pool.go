package eventloop

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// pool gives sockets their turns on goroutines of their own, where hooks may wait.
type pool struct {
	running sync.WaitGroup
	spaces  sync.Pool // of *drive.Workspace
}

func (p *pool) take() *drive.Workspace {
	if w, ok := p.spaces.Get().(*drive.Workspace); ok {
		return w
	}
	return &drive.Workspace{Scratch: make([]byte, scratchSize)}
}

func (p *pool) give(w *drive.Workspace) { p.spaces.Put(w) }

// submit gives s, which is scheduled, its turns.
func (p *pool) submit(s *socket) {
	p.running.Add(1)
	go p.work(s)
}

// work is the life of a goroutine of the pool. Should a hook end it, another one
// goes on.
func (p *pool) work(s *socket) {
	returned := false
	defer func() {
		if !returned {
			p.submit(s)
		}
		p.running.Done()
	}()
	w := p.take()
	start := time.Now()
	for !s.turns(w) {
		now := time.Now()
		s.loop.pace.note(now.Sub(start))
		start = now
	}
	s.loop.pace.note(time.Since(start))
	returned = true
	p.give(w)
}

// wait waits for the goroutines at work.
func (p *pool) wait() { p.running.Wait() }

// pace knows whether hooks have lately taken their time: they are then given
// goroutines at once, so that none has to be waited for.
type pace struct{ score atomic.Int32 }

// What makes a turn slow, and how much that weighs: hooks are called on the loop
// while fewer than one turn in slowWeight is slow.
const (
	slowTurn   = 100 * time.Microsecond
	slowWeight = 16
	slowMany   = 4 * slowWeight
	slowMost   = 4096
)

// note takes account of a turn that lasted d.
func (p *pace) note(d time.Duration) {
	score := p.score.Load()
	switch {
	case d >= slowTurn && score < slowMost:
		p.score.Add(slowWeight)
	case d < slowTurn && score > 0:
		p.score.Add(-1)
	}
}

// slow reports whether hooks had better not be waited for.
func (p *pace) slow() bool { return p.score.Load() >= slowMany }
