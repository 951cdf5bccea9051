package conn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/godwit-ws/godwit/handshake"
)

// ErrURL is returned by Dial for what is no URL of a WebSocket server.
var ErrURL = errors.New("conn: not a ws:// or wss:// URL")

// parseURL parses the URL of a WebSocket server (RFC 6455 §3).
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return checkURL(u)
}

// checkURL holds u to what RFC 6455 §3 wants.
func checkURL(u *url.URL) (*url.URL, error) {
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("%w: scheme %q", ErrURL, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: no host in %q", ErrURL, u.Redacted())
	case u.Fragment != "":
		return nil, fmt.Errorf("%w: fragment #%s (write %%23 for a #)", ErrURL, u.Fragment)
	}
	return u, nil
}

// addrOfURL returns host and port to connect to.
func addrOfURL(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// hostOfURL returns the Host field: without the scheme's default port.
func hostOfURL(u *url.URL) string {
	if u.Port() == "" || u.Port() != defaultPort(u.Scheme) {
		return u.Host
	}
	return u.Host[:len(u.Host)-len(":")-len(u.Port())]
}

func defaultPort(scheme string) string {
	if scheme == "wss" {
		return "443"
	}
	return "80"
}

// asHTTP returns u as cookies know it.
func asHTTP(u *url.URL) *url.URL {
	same := *u
	same.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	return &same
}

// fields returns the caller's header, cookies and credentials for the target.
func (t *trip) fields() []handshake.Field {
	var fields []handshake.Field
	for name, values := range t.d.Header {
		if credential(name) && !sameHost(t.first, t.target) {
			continue
		}
		for _, value := range values {
			fields = append(fields, handshake.Field{Name: name, Value: value})
		}
	}
	if user := t.target.User; user != nil && t.d.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		fields = append(fields, handshake.Field{Name: "Authorization", Value: "Basic " + basic})
	}
	if t.d.Jar != nil {
		fields = append(fields, cookieFields(t.d.Jar.Cookies(asHTTP(t.target)))...)
	}
	slices.SortStableFunc(fields, byName)
	return fields
}

func cookieFields(cookies []*http.Cookie) []handshake.Field {
	if len(cookies) == 0 {
		return nil
	}
	r := &http.Request{Header: http.Header{}}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return []handshake.Field{{Name: "Cookie", Value: r.Header.Get("Cookie")}}
}

// keepCookies gives the cookies of an answer to the jar.
func (t *trip) keepCookies(resp *handshake.Response) {
	if t.d.Jar == nil {
		return
	}
	set := http.Header{}
	for value := range resp.Values("Set-Cookie") {
		set.Add("Set-Cookie", value)
	}
	if cookies := (&http.Response{Header: set}).Cookies(); len(cookies) > 0 {
		t.d.Jar.SetCookies(asHTTP(t.target), cookies)
	}
}

// credential reports whether a header field must stay with the host that it was
// meant for.
func credential(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Cookie", "Www-Authenticate", "Proxy-Authorization":
		return true
	}
	return false
}

func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && addrOfURL(a) == addrOfURL(b) }

// redirect moves the trip to where an answer points, or returns why not: the
// answer's own error, if it is no redirect to be followed.
func (t *trip) redirect(err error) error {
	refused, ok := err.(*DialError)
	if !ok || !redirects(refused.Status) || t.d.MaxRedirects <= 0 {
		return err
	}
	if t.hops++; t.hops > t.d.MaxRedirects {
		return fmt.Errorf("conn: dial %s: more than %d redirects: %w", t.first.Redacted(), t.d.MaxRedirects, err)
	}
	to, perr := t.target.Parse(refused.Response.Get("Location"))
	if perr == nil {
		to, perr = checkURL(to)
	}
	switch {
	case perr != nil:
		return fmt.Errorf("conn: dial %s: bad redirect: %w", t.first.Redacted(), perr)
	case t.target.Scheme == "wss" && to.Scheme != "wss":
		return fmt.Errorf("conn: dial %s: redirect from wss to ws refused: %w", t.first.Redacted(), err)
	case to.User == nil && sameHost(to, t.target):
		to.User = t.target.User
	}
	t.target = to
	return nil
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
