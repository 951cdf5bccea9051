package app

import "context"

// A Broker carries the messages of topics from those who publish to the servers that
// have members, and keeps their history. Within one process Config.Retain is all that
// is needed; a Broker of package app/cluster makes several servers one. All methods
// may be called from any goroutine at any time.
type Broker interface {
	// Subscribe has r told of a topic until the Subscription is closed. A server does so
	// for each topic that has members on it. When it returns, whatever is published
	// from then on will come.
	Subscribe(topic string, r Receiver) (Subscription, error)
	// Publish gives a message to all subscribers of p.Topic. Where history is kept, a
	// nil error means that the message is in it, as safe as the Broker promises.
	Publish(ctx context.Context, p *Publication) (Receipt, error)
	// History returns the messages behind a position, oldest first, limit at most
	// (at least 1).
	History(ctx context.Context, topic string, after Position, limit int) (Replay, error)
}

// Receiver is who gets a topic's messages from a Broker: a server. Its methods are
// called one at a time for each Subscription, and may still be called while
// Subscription.Close runs.
type Receiver interface {
	// Deliver hands a message to the members, and returns how many got it. Messages
	// with a Position come in order, each once, with none left out but where Gap says
	// so.
	Deliver(p *Publication) (reached int)
	// Gap says that messages up to p were missed and can't be had any more.
	Gap(p Position)
	// Notify says who came or went on another server.
	Notify(e PresenceEvent)
}

// Subscription is a server's interest in a topic.
type Subscription interface {
	// Position is where the topic stood when the subscription began: everything behind
	// it is delivered. It is zero where no history is kept.
	Position() Position
	// Close ends it.
	Close()
}

// Receipt is what is known of a message once it is published.
type Receipt struct {
	// Position is its place in the history; zero where none is kept.
	Position Position
	// Reached is how many connections it was sent to, or queued for, until now: with a
	// Broker over several servers not those of other servers, nor those that it has
	// still to come to.
	Reached int
}

// Replay is a part of a topic's history.
type Replay struct {
	Publications []*Publication // oldest first
	// Gap says that before the first of them messages are missing, or may be: the
	// history doesn't reach back that far, or is another one by now.
	Gap bool
	// More says that there is more behind End.
	More bool
	// End is the position that who has seen all this is at.
	End Position
}

// A Roster is a Broker that knows who is in topics on other servers, too.
type Roster interface {
	Broker
	// Joined tells that a connection of this server came into a topic, or has other
	// presence information now. It returns m as others see it, with its Node.
	Joined(topic string, m Member) Member
	// Left tells that it went.
	Left(topic string, m Member) Member
	// Members returns who is in a topic, on all servers.
	Members(ctx context.Context, topic string) ([]Member, error)
}
