package live

import (
	"errors"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// session is a connection that speaks the protocol.
type session struct {
	live *Live
	rate rate

	mu    sync.Mutex // guards lease
	lease lease
}

// OnOpen implements an app hook: it greets the client.
func (s *session) OnOpen(c *app.Conn) error {
	cfg := &s.live.cfg
	s.rate = rate{allowance: 2 * float64(cfg.MaxRate), at: time.Now()}
	if cfg.Token != nil {
		s.await(c)
	}
	return c.SendJSON(welcome{
		Event: "welcome", Version: version, ID: c.ID(), Token: cfg.Token != nil,
		Ping: int(max(0, cfg.Ping) / time.Second), MaxRequest: max(0, cfg.MaxRequest),
	})
}

// OnBinary implements an app hook: the protocol is text.
func (s *session) OnBinary(*app.Conn, []byte) error {
	return &app.CloseError{Code: conn.CodeUnsupportedData, Reason: "requests are text"}
}

// OnMessage implements an app hook: it carries out one request and answers it.
func (s *session) OnMessage(c *app.Conn, text []byte) error {
	over := s.rate.over(s.live.cfg.MaxRate)
	if over > maxRefused {
		return &app.CloseError{Code: CloseTooMany, Reason: "too many requests"}
	}
	if n := s.live.cfg.MaxRequest; n > 0 && len(text) > n {
		return s.refuse(c, request{}, fail(CodeTooLarge, "the request is too long"))
	}
	r, err := parse(text)
	if over > 0 {
		err = fail(CodeLimit, "too many requests a second")
	}
	if err != nil {
		return s.refuse(c, r, err)
	}
	a, err := s.carryOut(c, &r)
	if err != nil {
		return s.refuse(c, r, err)
	}
	a.ID, a.OK = r.ID, true
	return c.SendJSON(a)
}

// refuse answers a request that wasn't carried out. An error that says how the
// connection is to end ends it.
func (s *session) refuse(c *app.Conn, r request, err error) error {
	if e, ok := errors.AsType[*app.CloseError](err); ok {
		return e
	}
	f := told(err)
	return c.SendJSON(answer{ID: r.ID, Error: f.code, Detail: f.detail})
}

// carryOut does what a request asks for.
func (s *session) carryOut(c *app.Conn, r *request) (answer, error) {
	switch r.Do {
	case "ping":
		return answer{}, nil
	case "token":
		return s.renew(c, r.Token)
	}
	if !s.authorized() {
		return answer{}, fail(CodeUnauthorized, "send a token first")
	}
	switch r.Do {
	case "subscribe":
		return s.subscribe(c, r)
	case "unsubscribe":
		c.Leave(r.Topic)
		return answer{}, nil
	case "publish":
		return s.publish(c, r)
	case "members":
		return s.members(c, r)
	case "info":
		return s.info(c, r)
	}
	return answer{}, fail(CodeBadRequest, "do must be subscribe, unsubscribe, publish, members, info, token or ping")
}

func (s *session) subscribe(c *app.Conn, r *request) (answer, error) {
	j, err := r.join()
	if err != nil {
		return answer{}, err
	}
	done, err := c.JoinWith(r.Topic, j)
	return answer{At: done.Position.String(), Missed: done.Missed, Gap: done.Gap}, err
}

func (s *session) publish(c *app.Conn, r *request) (answer, error) {
	op, p, err := r.message()
	if err != nil {
		return answer{}, err
	}
	to := c.To(r.Topic).Keyed(r.Key).Identified(r.Once)
	if r.Quiet {
		to = to.Except(c)
	}
	receipt, err := to.Publish(op, p)
	return answer{At: receipt.Position.String()}, err
}

func (s *session) members(c *app.Conn, r *request) (answer, error) {
	all, err := c.Members(r.Topic)
	if err != nil {
		return answer{}, err
	}
	a := answer{}
	if n := s.live.cfg.MaxMembers; n > 0 && len(all) > n {
		all, a.More = all[:n], true
	}
	for _, m := range all {
		a.Members = append(a.Members, asMember(m))
	}
	return a, nil
}

func (s *session) info(c *app.Conn, r *request) (answer, error) {
	cfg := &s.live.cfg
	switch {
	case len(r.Info) == 0:
		return answer{}, fail(CodeBadRequest, "info is missing")
	case cfg.MaxInfo > 0 && len(r.Info) > cfg.MaxInfo:
		return answer{}, fail(CodeTooLarge, "info is too long")
	case cfg.Info == nil:
		return answer{}, fail(CodeDenied, "this server takes no info from clients")
	case !s.rate.spend(cfg.MaxRate, len(c.Topics())-1):
		return answer{}, fail(CodeLimit, "info is told to each topic: too many a second")
	}
	info, err := cfg.Info(c, r.Info)
	if err != nil {
		return answer{}, errors.Join(app.ErrDenied, err)
	}
	c.SetPresence(info)
	return answer{}, nil
}
