package app

import "sync"

// link is a topic's subscription at the Broker, from its first member on.
type link struct {
	broker Broker
	ready  chan struct{} // closed when sub or err is there

	mu     sync.Mutex // guards the fields below
	sub    Subscription
	err    error
	closed bool
}

func newLink(b Broker) *link { return &link{broker: b, ready: make(chan struct{})} }

// open subscribes, which may take a while. It is called once.
func (l *link) open(t *topic) {
	sub, err := l.broker.Subscribe(t.name, t)
	if err == nil {
		t.begin(sub.Position())
	}
	l.mu.Lock()
	if l.err = err; err == nil {
		l.sub = sub
	}
	closed := l.closed
	l.mu.Unlock()
	close(l.ready)
	if closed && err == nil {
		sub.Close()
	}
}

// wait waits for open.
func (l *link) wait() error {
	<-l.ready
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// close ends the subscription, now or when it is there.
func (l *link) close() {
	l.mu.Lock()
	sub := l.sub
	l.closed = true
	l.mu.Unlock()
	if sub != nil {
		sub.Close()
	}
}
