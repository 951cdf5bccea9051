package conn

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/godwit-ws/godwit/handshake"
)

// fields returns the caller's header, cookies and credentials for the target.
func (t *trip) fields() []handshake.Field {
	h := make(http.Header)
	for name, values := range t.d.Header {
		if t.strayed && credential(name) {
			continue
		}
		for _, value := range values {
			h.Add(name, value)
		}
	}
	if user := t.target.User; user != nil && h.Get("Authorization") == "" {
		h.Set("Authorization", basic(user))
	}
	if t.d.Jar != nil {
		addCookies(h, t.d.Jar.Cookies(asHTTP(t.target)))
	}
	return fieldsOf(h)
}

// basic returns user and password as Basic authentication (RFC 7617 §2).
func basic(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// addCookies adds cookies to those in h, as one field (RFC 6265 §5.4).
func addCookies(h http.Header, cookies []*http.Cookie) {
	if own := h.Values("Cookie"); len(own) > 1 {
		h.Set("Cookie", strings.Join(own, "; "))
	}
	r := &http.Request{Header: h}
	for _, c := range cookies {
		r.AddCookie(c)
	}
}

// fieldsOf returns h's fields, ordered by name so that the wire shows nothing of
// the map they come from.
func fieldsOf(h http.Header) []handshake.Field {
	var fields []handshake.Field
	for name, values := range h {
		for _, value := range values {
			fields = append(fields, handshake.Field{Name: name, Value: value})
		}
	}
	slices.SortStableFunc(fields, func(a, b handshake.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
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
	case "Authorization", "Cookie", "Cookie2", "Www-Authenticate", "Proxy-Authorization":
		return true
	}
	return false
}
