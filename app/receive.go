package app

import "github.com/godwit-ws/godwit/conn"

var _ Receiver = (*topic)(nil)

// begin notes where the topic stands when its subscription begins, unless a message
// was quicker.
func (t *topic) begin(p Position) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	if t.position.IsZero() {
		t.position = p
	}
}

// Deliver implements Receiver.
func (t *topic) Deliver(p *Publication) (reached int) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	if !p.Position.IsZero() {
		t.position = p.Position
	}
	except, _ := parseID(p.Except) // 0, which nobody has, for none
	return t.send(p.outgoing(), t.topics.seats(t), func(c *Conn) bool { return c.id != except })
}

// Gap implements Receiver.
func (t *topic) Gap(p Position) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	t.position = p
	t.tell(func(as *membership) bool {
		as.overflow = as.behind // the history will say it
		return !as.behind
	}, func(by Framing) (*conn.Prepared, error) { return by.Gap(t.name, p) })
}

// Notify implements Receiver.
func (t *topic) Notify(e PresenceEvent) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	t.tell(func(as *membership) bool { return as.presence }, func(by Framing) (*conn.Prepared, error) { return by.Presence(e) })
}

// tell sends something to the members with a Framing for whom match holds. publishing
// is held.
func (t *topic) tell(match func(*membership) bool, frame func(Framing) (*conn.Prepared, error)) {
	var f framings
	for _, s := range t.topics.seats(t) {
		if s.as == nil || s.as.framing == nil || !match(s.as) {
			continue
		}
		if m := f.by(s.as.framing, frame); m != nil {
			s.post(m, "", t.slow)
		}
	}
}
