package app

import "time"

// Action is what a connection wants to do with a topic.
type Action uint8

// The actions that Config.Authorize is asked about.
const (
	JoinTopic    Action = iota // be a member
	PublishTopic               // send to the members
	SeeTopic                   // learn who the members are, and who comes and goes
	ResumeTopic                // get messages of before (Join.After); JoinTopic is asked first
)

// String returns "join", "publish", "see" or "resume".
func (a Action) String() string {
	switch a {
	case JoinTopic:
		return "join"
	case PublishTopic:
		return "publish"
	case ResumeTopic:
		return "resume"
	}
	return "see"
}

// Grant is a permission. The zero value is one without end.
type Grant struct {
	// Until is when it ends. Config.Authorize is then asked again, if the connection is
	// still a member, and a refusal closes the connection: with the code of the
	// *CloseError that Authorize returns, or 1008. It has a meaning for JoinTopic only.
	Until time.Time
}

// authorize asks whether the connection may do something. Nobody is asked about names
// that can't be a topic's.
func (c *Conn) authorize(a Action, topic string) (Grant, error) {
	if err := checkTopicName(topic); err != nil {
		return Grant{}, err
	}
	ask := c.request.server.cfg.Authorize
	if ask == nil {
		return Grant{}, nil
	}
	grant, err := ask(c, a, topic)
	if err != nil {
		return Grant{}, &denial{err}
	}
	return grant, nil
}

// denial is an error of Config.Authorize: it reads as that and Is ErrDenied too.
type denial struct{ error }

func (d *denial) Unwrap() error { return d.error }

func (d *denial) Is(target error) bool { return target == ErrDenied }
