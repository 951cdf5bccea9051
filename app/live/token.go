package live

import (
	"errors"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// lease is how long a client is who its token says.
type lease struct {
	good   bool      // there is a token
	until  time.Time // zero: for ever
	warn   time.Time // when the client is told
	warned bool
	next   time.Time // when the connection's clock looks at it; zero: not at all
}

// authorized reports whether the client has shown a token, if it needs one.
func (s *session) authorized() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live.cfg.Token == nil || s.lease.good
}

// await gives the client time for its first token.
func (s *session) await(c *app.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.live.cfg.TokenTimeout; d > 0 {
		s.lease.until, s.lease.warned = time.Now().Add(d), true
		s.watch(c, s.lease.until)
	}
}

// watch has check called at a time, if it isn't called before. mu is held.
func (s *session) watch(c *app.Conn, at time.Time) {
	if l := &s.lease; l.next.IsZero() || at.Before(l.next) {
		l.next = at
		c.ExpireAt(at, s.check)
	}
}

// check looks at the lease when its time has come. Called at a time that was set
// before an earlier one was, it leaves the rest to the call that is to come.
func (s *session) check(c *app.Conn) (next time.Time, err error) {
	s.mu.Lock()
	l := &s.lease
	now := time.Now()
	if now.Before(l.next) {
		s.mu.Unlock()
		return time.Time{}, nil
	}
	warn := false
	switch {
	case l.until.IsZero():
	case !now.Before(l.until):
		err = &app.CloseError{Code: CloseBadToken, Reason: "token expired"}
		if !l.good {
			err = &app.CloseError{Code: CloseBadToken, Reason: "no token came in time"}
		}
	case l.warned:
		next = l.until
	case now.Before(l.warn):
		next = l.warn
	default:
		warn, l.warned, next = true, true, l.until
	}
	l.next = next
	s.mu.Unlock()
	if warn {
		err = c.SendJSON(expiring{"expiring", int((next.Sub(now) + time.Second - 1) / time.Second)})
		if errors.Is(err, app.ErrClosed) {
			err = nil // it has ended by itself
		}
	}
	return next, err
}

// renew takes a token. A bad one leaves the lease as it is.
func (s *session) renew(c *app.Conn, token string) (answer, error) {
	judge := s.live.cfg.Token
	if judge == nil {
		return answer{}, fail(CodeBadRequest, "this server takes no tokens")
	}
	until, err := judge(c, token)
	now := time.Now()
	switch e, chosen := errors.AsType[*app.CloseError](err); {
	case chosen:
		return answer{}, e
	case err != nil, !until.IsZero() && !now.Before(until):
		return answer{}, fail(CodeUnauthorized, "the token isn't good")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.lease
	l.good, l.until, l.warned = true, until, false
	if until.IsZero() {
		return answer{}, nil
	}
	left := until.Sub(now)
	l.warn = until.Add(-min(s.live.cfg.TokenWarning, left/2))
	s.watch(c, l.warn)
	return answer{Seconds: int(left / time.Second)}, nil
}
