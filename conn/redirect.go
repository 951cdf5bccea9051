package conn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// redirect moves the trip to where an answer points, or returns why not: the
// answer's own error, if it is no redirect to be followed.
func (t *trip) redirect(err error) error {
	refused, ok := errors.AsType[*DialError](err)
	if !ok || !redirects(refused.Status) || t.d.MaxRedirects <= 0 {
		return err
	}
	location := refused.Response.Get("Location")
	if location == "" {
		return err
	}
	if t.hops++; t.hops > t.d.MaxRedirects {
		return fmt.Errorf("%w; not followed: more than %d redirects", err, t.d.MaxRedirects)
	}
	to, urlErr := t.resolve(location)
	switch {
	case urlErr != nil:
		return fmt.Errorf("%w; not followed: %w", err, urlErr)
	case t.target.Scheme == "wss" && to.Scheme != "wss":
		return fmt.Errorf("%w; not followed: it leads from wss to %s", err, to.Redacted())
	}
	if !sameOrigin(to, t.target) {
		t.strayed = true // for good: who sends us back chose the path there
	} else if to.User == nil {
		to.User = t.target.User
	}
	t.target = to
	return nil
}

// resolve returns the URL that a Location means (RFC 9110 §10.2.2). A fragment in
// it is not for the server.
func (t *trip) resolve(location string) (*url.URL, error) {
	to, err := t.target.Parse(location)
	if err != nil {
		return nil, urlError(location, err)
	}
	to.Fragment, to.RawFragment = "", ""
	return checkURL(to)
}

// sameOrigin reports whether two URLs agree in scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(addrOfURL(a), addrOfURL(b))
}

// redirects reports whether a status asks to repeat a GET elsewhere.
func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
