package app_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn"
)

// fate is what a send's result promises.
type fate uint8

const (
	mayCome fate = iota // the connection ended meanwhile: it may arrive
	must                // it arrives, if the connection ends in order
	never               // it doesn't arrive
)

// letterFormat begins a message: its stream, its number there and how long the rest is.
const letterFormat = "%s|%d|%d|"

// letter returns the n-th message of a stream, all of which follows from the three.
func letter(stream string, n, size int) string {
	return fmt.Sprintf(letterFormat, stream, n, size) + strings.Repeat(string(rune('a'+(len(stream)+n)%26)), size)
}

// readLetter is the inverse of letter.
func readLetter(text string) (stream string, n int, err error) {
	stream, numbers, _ := strings.Cut(text, "|")
	var size int
	if _, err := fmt.Sscanf(numbers, "%d|%d|", &n, &size); err != nil {
		return "", 0, fmt.Errorf("a message of %d bytes begins with %.60q: %v", len(text), text, err)
	}
	if text != letter(stream, n, size) {
		return "", 0, fmt.Errorf("message %d of %s came otherwise: %d bytes, %.60q", n, stream, len(text), text)
	}
	return stream, n, nil
}

// promise is what a send has returned, and when.
type promise struct {
	fate
	at int64
}

// place is a message's place in all streams.
type place struct {
	stream string
	n      int
}

// post is the model of what goes to one receiver.
type post struct {
	t    testing.TB
	name string

	mu       sync.Mutex
	promises map[place]promise
	came     map[place]bool
	last     map[string]int // of each stream
}

func newPost(t testing.TB, name string) *post {
	return &post{t: t, name: name, promises: map[place]promise{}, came: map[place]bool{}, last: map[string]int{}}
}

func (l *post) promise(stream string, n int, f fate, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.promises[place{stream, n}] = promise{f, at}
}

// loose begins the names of streams that promise no order.
const loose = "~"

// arrived notes a message, and returns its stream and its name.
func (l *post) arrived(text string) (p place, ok bool) {
	stream, n, err := readLetter(text)
	if err != nil {
		l.t.Errorf("%s: %v", l.name, err)
		return p, false
	}
	p = place{stream, n}
	if strings.HasPrefix(stream, loose) {
		return p, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, is := l.last[stream]; l.came[p] {
		l.t.Errorf("%s: message %d of %s came twice", l.name, n, stream)
	} else if is && n < before {
		l.t.Errorf("%s: message %d of %s came after %d", l.name, n, stream, before)
	}
	l.came[p], l.last[stream] = true, n
	return p, true
}

// settle compares what came with what was promised. All that was promised until upTo
// had to come.
func (l *post) settle(upTo int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, promised := range l.promises {
		switch {
		case promised.fate == never && l.came[p]:
			l.t.Errorf("%s: message %d of %s came, though its send had failed", l.name, p.n, p.stream)
		case promised.fate == must && promised.at < upTo && !l.came[p]:
			l.t.Errorf("%s: message %d of %s is missing", l.name, p.n, p.stream)
		}
	}
	for p := range l.came {
		if _, sent := l.promises[p]; !sent {
			l.t.Errorf("%s: message %d of %s was never sent", l.name, p.n, p.stream)
		}
	}
}

// settle compares what came with what was promised.
func (g *guest) settle() {
	g.down.settle(g.cut())
	upTo := int64(0)
	switch e := g.serverEnd; {
	case e == nil || g.closing.Load():
	case e.Remote && e.Code == leaveCode:
		upTo = 1 << 62
	case g.way == halfCloses && errors.Is(e, conn.ErrNoClose) && errors.Is(g.err, conn.ErrNoClose): // else it gave up for a write that failed
		upTo = g.ending.Load()
	}
	g.up.settle(upTo)
}

// stay is a time for which somebody is a member of a topic.
type stay struct {
	topic                 string
	joining, joined, left int64
}

// published is a message that was published to a topic.
type published struct {
	place
	topic        string
	began, ended int64
	except       *guest
}

// settleTopics compares what came of the topics that lose nothing with what was
// published. A member that is left in order got all until its cut.
func (r *round) settleTopics() {
	sent := make(map[place]*published, len(r.sent))
	for i := range r.sent {
		sent[r.sent[i].place] = &r.sent[i]
	}
	for _, g := range r.guests {
		for p := range g.topics.came {
			if m := sent[p]; m == nil || !g.mayGet(m) {
				r.t.Errorf("guest %d got message %d of %s, which isn't for it", g.n, p.n, p.stream)
			}
		}
		cut := g.topicsCut()
		for _, m := range r.sent {
			if lossless(m.topic) && g.mustGet(&m, cut) && !g.topics.came[m.place] {
				r.t.Errorf("guest %d lacks message %d of %s (%d to %d), cut at %d, stays %v", g.n, m.n, m.stream, m.began, m.ended, cut, g.stays)
			}
		}
	}
	for _, topic := range []string{"keep/a", "keep/b", "hist"} {
		r.settleOrder(topic)
	}
}

// cut is until when a guest had to get everything; 0 if nothing is promised.
func (g *guest) cut() int64 {
	cut := int64(0)
	e, closed := errors.AsType[*conn.CloseError](g.err)
	switch {
	case g.synced:
		return g.ending.Load()
	case g.way != stays && g.way != halfCloses: // what comes after a guest's own Close is dropped
	case closed && e.Remote && (e.Code == closeCode || e.Code == conn.CodeGoingAway || e.Code == conn.CodePolicyViolation):
		cut = math.MaxInt64
	}
	return cut
}

// topicsCut is until when a guest had to get all that was published. A Close may cut
// short a message that is sent in pieces, and with it what was posted behind.
func (g *guest) topicsCut() int64 {
	if !g.synced {
		return 0
	}
	return g.ending.Load()
}

func (g *guest) mayGet(m *published) bool {
	for _, s := range g.stays {
		if s.topic == m.topic && (s.joining < m.ended || m.topic == "hist") && m.except != g {
			return true
		}
	}
	return m.topic == everyone || !orderly(m.topic)
}

func (g *guest) mustGet(m *published, cut int64) bool {
	if m.except == g || m.ended >= cut {
		return false
	}
	if m.topic == everyone {
		opened := g.opened.Load()
		return opened > 0 && m.began > opened && g.r.broadcastAll
	}
	for _, s := range g.stays {
		if s.topic == m.topic && m.began > s.joined && m.ended < s.left {
			return true
		}
	}
	return false
}

// settleOrder finds whether there is one order in which all got a topic's messages.
func (r *round) settleOrder(topic string) {
	after := make(map[place]map[place]bool)
	before := make(map[place]int)
	for _, g := range r.guests {
		heard := g.heard[topic]
		for i, p := range heard {
			if _, known := before[p]; !known {
				before[p] = 0
			}
			if i == 0 || after[heard[i-1]][p] {
				continue
			}
			if after[heard[i-1]] == nil {
				after[heard[i-1]] = make(map[place]bool)
			}
			after[heard[i-1]][p] = true
			before[p]++
		}
	}
	var ready []place
	for p, n := range before {
		if n == 0 {
			ready = append(ready, p)
		}
	}
	done := 0
	for ; len(ready) > 0; done++ {
		p := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for next := range after[p] {
			if before[next]--; before[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	if done < len(before) {
		r.t.Errorf("members got the messages of %s in different orders", topic)
	}
}
