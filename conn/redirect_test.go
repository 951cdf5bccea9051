package conn_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn"
)

// to is a redirect to location.
func to(status int, location string, fields ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\n%s\r\n", status, location, strings.Join(append(fields, ""), "\r\n"))
}

// crossroads is a world of pages: what stands at each URL, as an answer.
func crossroads(pages map[string]string) *world {
	w := &world{hosts: map[string]func(net.Conn){}}
	for raw := range pages {
		u, err := url.Parse(raw)
		if err != nil {
			panic(err)
		}
		serve := func(nc net.Conn) {
			w.answersBy(func(r *http.Request) string { return pages[u.Scheme+"://"+r.Host+r.RequestURI] })(nc)
		}
		switch {
		case u.Scheme == "wss":
			w.hosts[u.Hostname()+":443"] = secured(serve)
		case u.Port() != "":
			w.hosts[u.Host] = serve
		default:
			w.hosts[u.Host+":80"] = serve
		}
	}
	return w
}

func TestRedirect(t *testing.T) {
	tests := []struct {
		name, from string
		pages      map[string]string
		max        int
		want       []string // the targets of the requests
		err        string   // in the error; "" is none
	}{
		{"absolute", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "ws://b.example/2"), "ws://b.example/2": switching()},
			1, []string{"a.example/1", "b.example/2"}, ""},
		{"absolute-http", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "http://b.example/2"), "ws://b.example/2": switching()},
			1, []string{"a.example/1", "b.example/2"}, ""},
		{"relative-path", "ws://a.example/x/1?q", map[string]string{"ws://a.example/x/1?q": to(302, "2?r"), "ws://a.example/x/2?r": switching()},
			1, []string{"a.example/x/1?q", "a.example/x/2?r"}, ""},
		{"relative-host", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "//b.example:81/2"), "ws://b.example:81/2": switching()},
			1, []string{"a.example/1", "b.example:81/2"}, ""},
		{"fragment-is-dropped", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2#part"), "ws://a.example/2": switching()},
			1, []string{"a.example/1", "a.example/2"}, ""},
		{"to-wss", "ws://a.example/1", map[string]string{"ws://a.example/1": to(301, "https://a.example/1"), "wss://a.example/1": switching()},
			1, []string{"a.example/1", "a.example/1"}, ""},
		{"to-ws", "wss://a.example/1", map[string]string{"wss://a.example/1": to(302, "ws://b.example/2"), "ws://b.example/2": switching()},
			9, []string{"a.example/1"}, "not followed: it leads from wss to ws://b.example/2"},
		{"to-ws-by-a-detour", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "wss://b.example/2"),
			"wss://b.example/2": to(302, "ws://a.example/3"), "ws://a.example/3": switching()},
			9, []string{"a.example/1", "b.example/2"}, "not followed: it leads from wss to ws://a.example/3"},
		{"at-the-limit", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2"), "ws://a.example/2": to(302, "/3"), "ws://a.example/3": switching()},
			2, []string{"a.example/1", "a.example/2", "a.example/3"}, ""},
		{"past-the-limit", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2"), "ws://a.example/2": to(302, "/3"), "ws://a.example/3": switching()},
			1, []string{"a.example/1", "a.example/2"}, "more than 1 redirects"},
		{"loop", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/1")},
			3, []string{"a.example/1", "a.example/1", "a.example/1", "a.example/1"}, "more than 3 redirects"},
		{"off", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2")}, 0, []string{"a.example/1"}, "answered the handshake with 302"},
		{"negative", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2")}, -1, []string{"a.example/1"}, "answered the handshake with 302"},
		{"without-location", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "")}, 9, []string{"a.example/1"}, "answered the handshake with 302"},
		{"to-ftp", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "ftp://a.example/")}, 9, []string{"a.example/1"}, `scheme "ftp"`},
		{"to-nowhere", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "ws:///2")}, 9, []string{"a.example/1"}, "no host"},
		{"to-nonsense", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "ws://u:hunter2@a:b:c/")}, 9, []string{"a.example/1"}, "can't be parsed"},
		{"to-a-refusal", "ws://a.example/1", map[string]string{"ws://a.example/1": to(302, "/2"), "ws://a.example/2": "HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n"},
			9, []string{"a.example/1", "a.example/2"}, "ws://a.example/2 answered the handshake with 403"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := crossroads(tt.pages)
				d := w.dialer()
				d.MaxRedirects, d.TLS = tt.max, clientTLS()
				start := time.Now()
				c, err := d.Dial(t.Context(), tt.from)
				if c != nil {
					c.Abort()
				}
				if err == nil != (tt.err == "") || !strings.Contains(fmt.Sprint(err), tt.err) || strings.Contains(fmt.Sprint(err), "hunter2") {
					t.Errorf("Dial: %v; want %q", err, tt.err)
				}
				if _, ok := errors.AsType[*conn.DialError](err); err != nil && !ok {
					t.Errorf("%v holds no *DialError", err)
				}
				var got []string
				for _, r := range w.requests {
					got = append(got, r.Host+r.RequestURI)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				elapsed(t, start, 0)
			})
		})
	}
}

func TestRedirectStatus(t *testing.T) {
	for status, followed := range map[int]bool{300: false, 301: true, 302: true, 303: true, 304: false, 305: false, 306: false, 307: true, 308: true, 200: false, 401: false} {
		w := crossroads(map[string]string{"ws://a.example/1": to(status, "/2"), "ws://a.example/2": switching()})
		d := w.dialer()
		d.MaxRedirects = 1
		c, err := d.Dial(t.Context(), "ws://a.example/1")
		if c != nil {
			c.Abort()
		}
		if (err == nil) != followed {
			t.Errorf("%d: %v; want it followed: %t", status, err, followed)
		}
	}
}

// Credentials stay with the scheme, host and port that they were meant for, and
// don't come back with a redirect that does; cookies go by the jar's rules.
func TestRedirectCredentials(t *testing.T) {
	tests := []struct {
		name  string
		hops  []string
		creds []bool // sent with the request to each hop
	}{
		{"same-host", []string{"ws://a.example/1", "ws://a.example/2"}, []bool{true, true}},
		{"same-host-in-capitals", []string{"ws://a.example/1", "ws://A.EXAMPLE:80/2"}, []bool{true, true}},
		{"other-host", []string{"ws://a.example/1", "ws://b.example/2"}, []bool{true, false}},
		{"other-port", []string{"ws://a.example/1", "ws://a.example:81/2"}, []bool{true, false}},
		{"subdomain", []string{"ws://a.example/1", "ws://www.a.example/2"}, []bool{true, false}},
		{"other-scheme", []string{"ws://a.example/1", "wss://a.example/2"}, []bool{true, false}},
		{"there-and-back", []string{"ws://a.example/1", "ws://b.example/2", "ws://a.example/3"}, []bool{true, false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pages := map[string]string{}
				for i, hop := range tt.hops {
					page := switching()
					if i+1 < len(tt.hops) {
						page = to(307, tt.hops[i+1])
					}
					pages[strings.ReplaceAll(hop, "A.EXAMPLE:80", "A.EXAMPLE")] = page
				}
				jar, _ := cookiejar.New(nil)
				jar.SetCookies(&url.URL{Scheme: "http", Host: "b.example", Path: "/"}, []*http.Cookie{{Name: "of", Value: "b"}})
				for _, in := range []string{"header", "url"} {
					w := crossroads(pages)
					d := w.dialer()
					d.MaxRedirects, d.TLS, d.Jar = 5, clientTLS(), jar
					d.Header = http.Header{"X-Other": {"stays"}, "cookie": {"secret=1"}}
					from := tt.hops[0]
					if in == "url" {
						from = strings.Replace(from, "://", "://u:p@", 1)
					} else {
						d.Header["authorization"] = []string{"Basic dTpw"}
					}
					mustDial(t, d, from)
					for i, want := range tt.creds {
						h := w.request(t, i).Header
						auth, cookie := h.Get("Authorization") == "Basic dTpw", strings.Contains(h.Get("Cookie"), "secret=1")
						if auth != want || cookie != want || h.Get("X-Other") != "stays" {
							t.Errorf("%s, hop %d: Authorization %t, Cookie %t; want %t", in, i, auth, cookie, want)
						}
						if ofB := strings.HasPrefix(tt.hops[i], "ws://b."); ofB != strings.Contains(h.Get("Cookie"), "of=b") {
							t.Errorf("hop %d: Cookie %q", i, h.Get("Cookie"))
						}
					}
				}
			})
		})
	}
}

// The same host and port with another scheme is another origin.
func TestRedirectCredentialsStayWithTheScheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hosts: map[string]func(net.Conn){}}
		w.hosts["a.example:443"] = func(nc net.Conn) { // speaks both
			r := bufio.NewReader(nc)
			if first, _ := r.Peek(1); string(first) == "\x16" {
				secured(w.answers(switching()))(readThrough{nc, r})
				return
			}
			w.answers(to(301, "wss://a.example/"))(readThrough{nc, r})
		}
		d := w.dialer()
		d.MaxRedirects, d.TLS = 1, clientTLS()
		mustDial(t, d, "ws://u:p@a.example:443/")
		if got := w.request(t, 1).Header.Get("Authorization"); got != "" {
			t.Errorf("Authorization %q", got)
		}
	})
}

// A redirect may bring credentials of its own, for where it leads.
func TestRedirectWithUserinfo(t *testing.T) {
	w := crossroads(map[string]string{"ws://a.example/1": to(302, "ws://other:pw@b.example/2"), "ws://b.example/2": switching()})
	d := w.dialer()
	d.MaxRedirects = 1
	d.Header = http.Header{"Authorization": {"Bearer mine"}}
	mustDial(t, d, "ws://a.example/1")
	if got := w.request(t, 1).Header.Get("Authorization"); got != "Basic b3RoZXI6cHc=" {
		t.Errorf("Authorization %q", got)
	}
}

func TestRedirectKeepsCookies(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	w := crossroads(map[string]string{"ws://a.example/1": to(302, "/2", "Set-Cookie: a=b"), "ws://a.example/2": switching()})
	d := w.dialer()
	d.MaxRedirects, d.Jar = 1, jar
	mustDial(t, d, "ws://a.example/1")
	if got := w.request(t, 1).Header.Get("Cookie"); got != "a=b" {
		t.Errorf("Cookie %q", got)
	}
}

// HandshakeTimeout is for the whole way.
func TestRedirectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hosts: map[string]func(net.Conn){}}
		w.hosts["a.example:80"] = w.answersBy(func(*http.Request) string {
			time.Sleep(time.Second)
			return to(302, "/")
		})
		d := w.dialer()
		d.MaxRedirects, d.Config.HandshakeTimeout = 1000, 4500*time.Millisecond
		start := time.Now()
		if _, err := d.Dial(t.Context(), "ws://a.example/"); err == nil {
			t.Error("no error")
		}
		elapsed(t, start, 4500*time.Millisecond)
		time.Sleep(time.Second) // the server notices
	})
}
