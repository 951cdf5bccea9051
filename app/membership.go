package app

import (
	"github.com/godwit-ws/godwit/conn"
)

// membership is what a topic knows of a member that isn't a plain one: of one that
// joined with a Framing, or that is being sent what it missed. The topic's publishing
// guards it.
type membership struct {
	framing  Framing // nil: messages as they are
	presence bool    // it is told who comes and goes

	behind   bool           // it is being sent what it missed
	waiting  []*Publication // what came meanwhile
	overflow bool           // and was too much: the history has it
}

// maxWaiting is how many messages wait for a member that is behind. Past it they are
// read from the history again.
const maxWaiting = 256

// hold keeps a message of the history for a member that is behind.
func (m *membership) hold(p *Publication) {
	if m.overflow = m.overflow || len(m.waiting) >= maxWaiting; m.overflow {
		m.waiting = nil
		return
	}
	m.waiting = append(m.waiting, p)
}

// maxAtOnce is how many waiting messages may be sent as the last of those that were
// missed, without waiting for the peer.
const maxAtOnce = 16

// take returns what came while the member was sent everything up to last, less what
// was among that. It reports whether that is the end of it: the member is one like the
// others then. It isn't where much waits, since more may come while it is sent, and
// where something is missing in between: then nothing is returned, and the history
// must be asked.
func (m *membership) take(last Position) (waiting []*Publication, done bool) {
	waiting, overflow := m.waiting, m.overflow
	m.waiting, m.overflow = nil, false
	if overflow {
		return nil, false
	}
	for len(waiting) > 0 && waiting[0].Position.Epoch == last.Epoch && waiting[0].Position.Seq <= last.Seq {
		waiting = waiting[1:]
	}
	if len(waiting) > 0 && (waiting[0].Position.Epoch != last.Epoch || waiting[0].Prev > last.Seq) {
		return nil, false
	}
	m.behind = len(waiting) > maxAtOnce
	return waiting, !m.behind
}

// outgoing is a message on its way to members. It stays on the stack where nobody has
// a Framing.
type outgoing struct {
	*Publication // nil where there is none yet; publication makes it
	topic        string
	message      *conn.Prepared
	key          string
	framed       framings
}

// publication returns the message as a Framing wants it.
func (o *outgoing) publication() *Publication {
	if o.Publication == nil {
		o.Publication = &Publication{Topic: o.topic, Key: o.key, message: o.message}
	}
	return o.Publication
}

// isKept reports whether the message has a place in the history.
func (o *outgoing) isKept() bool { return o.Publication != nil && !o.Position.IsZero() }

// to returns what a member's peer gets, nil for nothing.
func (o *outgoing) to(as *membership) *conn.Prepared {
	if as == nil || as.framing == nil {
		return o.message
	}
	return o.framed.by(as.framing, func(by Framing) (*conn.Prepared, error) { return by.Message(o.publication()) })
}

// framings are the messages that something which happens in a topic becomes, one for
// each Framing, made when it is first needed. There are few.
type framings []framing

type framing struct {
	by      Framing
	message *conn.Prepared // nil: nothing is sent
}

// by returns the message that a Framing makes.
func (f *framings) by(with Framing, frame func(Framing) (*conn.Prepared, error)) *conn.Prepared {
	for _, made := range *f {
		if made.by == with {
			return made.message
		}
	}
	m, err := frame(with)
	if err != nil {
		m = nil // the Framing's business: there is no one here to tell
	}
	*f = append(*f, framing{with, m})
	return m
}
