package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

func TestNegotiate(t *testing.T) {
	tests := map[string]struct {
		offered []string
		want    string
		status  int
	}{
		"ours":       {[]string{"other", live.Subprotocol}, live.Subprotocol, 0},
		"none":       {nil, "", 0},
		"newer-only": {[]string{"godwit.live.v9"}, "", http.StatusBadRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, app.Config{}, live.New(live.Config{}), func(t *testing.T, w *world) {
				c, err := w.dialer(tt.offered...).Dial(context.Background(), "ws://godwit/live")
				if e, ok := errors.AsType[*conn.DialError](err); ok && e.Status == tt.status {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer c.Abort()
				if got := c.Subprotocol(); got != tt.want || tt.status != 0 {
					t.Errorf("accepted with %q", got)
				}
			})
		})
	}
}

func TestWelcome(t *testing.T) {
	tests := map[string]struct {
		cfg  live.Config
		want string
	}{
		"defaults": {live.Config{}, `{"event":"welcome","version":1,"id":"c1","ping":25,"maxRequest":65536}`},
		"token": {live.Config{Token: func(*app.Conn, string) (time.Time, error) { return time.Time{}, nil }},
			`{"event":"welcome","version":1,"id":"c1","ping":25,"maxRequest":65536,"token":true}`},
		"no-limits": {live.Config{MaxRequest: -1, Ping: -1}, `{"event":"welcome","version":1,"id":"c1"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, app.Config{}, live.New(tt.cfg), func(t *testing.T, w *world) { w.dial().want(tt.want) })
		})
	}
}

// The requests one by one; the epoch is written as E.
func TestRequests(t *testing.T) {
	tests := map[string][]string{ // request, then what comes
		"ping":            {`{"do":"ping","id":1}`, `{"id":1,"ok":true}`},
		"id-of-text":      {`{"do":"ping","id":"a\"b"}`, `{"id":"a\"b","ok":true}`},
		"no-id":           {`{"do":"ping"}`, `{"ok":true}`},
		"unknown-fields":  {`{"do":"ping","id":1,"later":[{}]}`, `{"id":1,"ok":true}`},
		"subscribe":       {`{"do":"subscribe","id":1,"topic":"x"}`, `{"id":1,"ok":true,"at":"E-2"}`},
		"resume":          {`{"do":"subscribe","id":1,"topic":"x","after":"E-1"}`, `{"event":"message","topic":"x","at":"E-2","data":2}`, `{"id":1,"ok":true,"at":"E-2","missed":1}`},
		"resume-too-late": {`{"do":"subscribe","id":1,"topic":"x","after":"old-1"}`, `{"event":"gap","topic":"x","at":"E-0"}`, `{"event":"message","topic":"x","at":"E-1","text":"on\"e"}`, `{"event":"message","topic":"x","at":"E-2","data":2}`, `{"id":1,"ok":true,"at":"E-2","missed":2,"gap":true}`},
		"publish":         {`{"do":"publish","id":1,"topic":"y","data":{"a":[1, 2]}}`, `{"id":1,"ok":true,"at":"Y-1"}`},
		"unsubscribe":     {`{"do":"unsubscribe","id":1,"topic":"never"}`, `{"id":1,"ok":true}`},
		"members-no-name": {`{"do":"members","id":1,"topic":""}`, `{"id":1,"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`},
		"members-long":    {`{"do":"members","id":1,"topic":"` + strings.Repeat("x", 256) + `"}`, `{"id":1,"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`},
		"resume-long":     {`{"do":"subscribe","id":1,"topic":"` + strings.Repeat("x", 256) + `","after":"E-1","presence":true}`, `{"id":1,"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`},
		"future-position": {`{"do":"subscribe","id":1,"topic":"x","after":"E-9"}`, `{"event":"gap","topic":"x","at":"E-0"}`, `{"event":"message","topic":"x","at":"E-1","text":"on\"e"}`, `{"event":"message","topic":"x","at":"E-2","data":2}`, `{"id":1,"ok":true,"at":"E-2","missed":2,"gap":true}`},
		"members-nobody":  {`{"do":"members","id":1,"topic":"x"}`, `{"id":1,"ok":true}`},

		"not-json":        {`{"do":`, `{"error":"bad_request","detail":"not a JSON object with fields of the right types"}`},
		"not-an-object":   {`[1]`, `{"error":"bad_request","detail":"not a JSON object with fields of the right types"}`},
		"wrong-type":      {`{"do":7,"id":1}`, `{"error":"bad_request","detail":"not a JSON object with fields of the right types"}`},
		"id-of-object":    {`{"do":"ping","id":{}}`, `{"error":"bad_request","detail":"id must be a number or a string of at most 64 bytes"}`},
		"id-too-long":     {`{"do":"ping","id":"` + strings.Repeat("i", 63) + `"}`, `{"error":"bad_request","detail":"id must be a number or a string of at most 64 bytes"}`},
		"unknown":         {`{"do":"dance","id":1}`, `{"id":1,"error":"bad_request","detail":"do must be subscribe, unsubscribe, publish, members, info, token or ping"}`},
		"no-topic":        {`{"do":"subscribe","id":1}`, `{"id":1,"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`},
		"publish-nowhere": {`{"do":"publish","id":1,"data":1}`, `{"id":1,"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`},
		"bad-position":    {`{"do":"subscribe","id":1,"topic":"x","after":"?"}`, `{"id":1,"error":"bad_request","detail":"after must be a position that the server gave"}`},
		"publish-nothing": {`{"do":"publish","id":1,"topic":"x"}`, `{"id":1,"error":"bad_request","detail":"publish takes one of data, text and bytes"}`},
		"publish-twice":   {`{"do":"publish","id":1,"topic":"x","data":1,"text":""}`, `{"id":1,"error":"bad_request","detail":"publish takes one of data, text and bytes"}`},
		"not-base64":      {`{"do":"publish","id":1,"topic":"x","bytes":"!"}`, `{"id":1,"error":"bad_request","detail":"bytes must be base64, with padding"}`},
		"key-too-long":    {`{"do":"publish","id":1,"topic":"x","data":1,"key":"` + strings.Repeat("k", 256) + `"}`, `{"id":1,"error":"bad_request","detail":"key and once must be 255 bytes at most"}`},
		"too-large":       {`{"do":"ping","id":"` + strings.Repeat("i", 1000) + `"}`, `{"error":"too_large","detail":"the request is too long"}`},
		"info-refused":    {`{"do":"info","id":1,"info":"me"}`, `{"id":1,"error":"denied","detail":"this server takes no info from clients"}`},
		"no-tokens-here":  {`{"do":"token","id":1,"token":"t"}`, `{"id":1,"error":"bad_request","detail":"this server takes no tokens"}`},
		"denied":          {`{"do":"subscribe","id":1,"topic":"secret"}`, `{"id":1,"error":"denied","detail":"this isn't allowed"}`},
		"denied-publish":  {`{"do":"publish","id":1,"topic":"secret","data":1}`, `{"id":1,"error":"denied","detail":"this isn't allowed"}`},
		"denied-members":  {`{"do":"members","id":1,"topic":"secret"}`, `{"id":1,"error":"denied","detail":"this isn't allowed"}`},
	}
	authorize := func(_ *app.Conn, _ app.Action, topic string) (app.Grant, error) {
		if topic == "secret" {
			return app.Grant{}, errors.New("not to be told")
		}
		return app.Grant{}, nil
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := app.Config{Retain: retain(9), Authorize: authorize}
			inWorld(t, cfg, live.New(live.Config{MaxRequest: 900}), func(t *testing.T, w *world) {
				r, err := w.To("x").Publish(conn.Text, []byte(`on"e`))
				if err != nil {
					t.Fatal(err)
				}
				w.To("x").Text("2")
				p := w.connect()
				p.send(strings.ReplaceAll(tt[0], `"E-`, `"`+r.Position.Epoch+"-"))
				for _, want := range tt[1:] {
					got := strings.ReplaceAll(p.read(), r.Position.Epoch, "E")
					if i := strings.Index(got, `"at":"`); i > 0 && strings.Contains(want, `"Y-`) {
						got = got[:i+6] + "Y" + got[i+6+16:]
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("(-want +got):\n%s", diff)
					}
				}
				p.do(`{"do":"ping","id":"still"}`, `{"id":"still","ok":true}`)
			})
		})
	}
}

// What is published comes to all that have subscribed, as what it is.
func TestMessages(t *testing.T) {
	inWorld(t, app.Config{}, live.New(live.Config{}), func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		a.do(`{"do":"subscribe","id":1,"topic":"房"}`, `{"id":1,"ok":true}`)
		b.do(`{"do":"subscribe","id":1,"topic":"房"}`, `{"id":1,"ok":true}`)
		b.do(`{"do":"subscribe","id":2,"topic":"房"}`, `{"id":2,"error":"subscribed","detail":"subscribed to this topic already"}`)
		for _, tt := range [][2]string{
			{`"data":{"a":"<&>\u2028"}`, `"data":{"a":"<&>\u2028"}`},
			{`"text":"plain"`, `"text":"plain"`},
			{`"text":"12"`, `"data":12`},
			{`"bytes":"AP8="`, `"bytes":"AP8="`},
			{`"data":null`, `"data":null`},
		} {
			event := `{"event":"message","topic":"房",` + tt[1] + `}`
			a.do(`{"do":"publish","id":3,"topic":"房",`+tt[0]+`}`, event, `{"id":3,"ok":true}`)
			b.want(event)
		}
		a.do(`{"do":"publish","id":4,"topic":"房","data":1,"quiet":true}`, `{"id":4,"ok":true}`)
		b.want(`{"event":"message","topic":"房","data":1}`)
		a.do(`{"do":"unsubscribe","id":5,"topic":"房"}`, `{"id":5,"ok":true}`)
		b.do(`{"do":"publish","id":6,"topic":"房","data":2}`, `{"event":"message","topic":"房","data":2}`, `{"id":6,"ok":true}`)
		a.do(`{"do":"ping"}`, `{"ok":true}`)
		if err := b.Write(context.Background(), conn.Binary, []byte{1}); err != nil {
			t.Fatal(err)
		}
		b.wantEnd(conn.CodeUnsupportedData, "requests are text")
	})
}

func TestPresence(t *testing.T) {
	info := func(_ *app.Conn, info json.RawMessage) (any, error) {
		if string(info) == `"root"` {
			return nil, errors.New("taken")
		}
		return info, nil
	}
	inWorld(t, app.Config{}, live.New(live.Config{Info: info, MaxInfo: 20, MaxMembers: 2}), func(t *testing.T, w *world) {
		since := time.Now().UTC().Format(time.RFC3339)
		a, b := w.connect(), w.connect()
		me := func(id, info string) string {
			if info != "" {
				info = `,"info":` + info
			}
			return fmt.Sprintf(`{"id":%q%s,"since":%q}`, id, info, since)
		}
		a.do(`{"do":"info","id":1,"info":{"name":"ann"}}`, `{"id":1,"ok":true}`)
		a.do(`{"do":"info","id":2,"info":"root"}`, `{"id":2,"error":"denied","detail":"this isn't allowed"}`)
		a.do(`{"do":"info","id":3,"info":"`+strings.Repeat("x", 20)+`"}`, `{"id":3,"error":"too_large","detail":"info is too long"}`)
		a.do(`{"do":"info","id":4}`, `{"id":4,"error":"bad_request","detail":"info is missing"}`)
		a.do(`{"do":"subscribe","id":5,"topic":"x","presence":true}`,
			`{"event":"joined","topic":"x","member":`+me("c1", `{"name":"ann"}`)+`}`, `{"id":5,"ok":true}`)
		b.do(`{"do":"subscribe","id":1,"topic":"x"}`, `{"id":1,"ok":true}`)
		a.want(`{"event":"joined","topic":"x","member":` + me("c2", "") + `}`)
		b.do(`{"do":"info","id":2,"info":"bob"}`, `{"id":2,"ok":true}`)
		a.want(`{"event":"joined","topic":"x","member":` + me("c2", `"bob"`) + `}`)
		a.do(`{"do":"members","id":6,"topic":"x"}`, `{"id":6,"ok":true,"members":[`+me("c1", `{"name":"ann"}`)+`,`+me("c2", `"bob"`)+`]}`)
		c := w.connect()
		c.do(`{"do":"subscribe","id":1,"topic":"x"}`, `{"id":1,"ok":true}`)
		a.want(`{"event":"joined","topic":"x","member":` + me("c3", "") + `}`)
		b.do(`{"do":"members","id":7,"topic":"x"}`, `{"id":7,"ok":true,"members":[`+me("c1", `{"name":"ann"}`)+`,`+me("c2", `"bob"`)+`],"more":true}`)
		b.Abort()
		a.want(`{"event":"left","topic":"x","member":` + me("c2", `"bob"`) + `}`)
	})
}

func TestRate(t *testing.T) {
	inWorld(t, app.Config{}, live.New(live.Config{MaxRate: 2}), func(t *testing.T, w *world) {
		p := w.connect()
		ok, refused := `{"id":1,"ok":true}`, `{"id":1,"error":"limit","detail":"too many requests a second"}`
		for range 2 {
			for range 4 {
				p.do(`{"do":"ping","id":1}`, ok)
			}
			p.do(`{"do":"ping","id":1}`, refused)
			time.Sleep(time.Second / 2)
			p.do(`{"do":"ping","id":1}`, ok)
			p.do(`{"do":"ping","id":1}`, refused)
			time.Sleep(time.Minute)
		}
		for range 4 {
			p.do(`{"do":"ping","id":1}`, ok)
		}
		for range 100 {
			p.do(`{"do":"ping","id":1}`, refused)
		}
		p.send(`{"do":"ping","id":1}`)
		p.wantEnd(live.CloseTooMany, "too many requests")
	})
}

// Info is told to each topic, and counts as often.
func TestRateOfInfo(t *testing.T) {
	info := func(_ *app.Conn, info json.RawMessage) (any, error) { return info, nil }
	inWorld(t, app.Config{}, live.New(live.Config{MaxRate: 10, Info: info}), func(t *testing.T, w *world) {
		p := w.connect()
		for i := range 9 {
			p.do(fmt.Sprintf(`{"do":"subscribe","topic":"t%d"}`, i), `{"ok":true}`)
		}
		p.do(`{"do":"info","info":1}`, `{"ok":true}`) // 20 in 18 requests
		p.do(`{"do":"ping"}`, `{"ok":true}`)
		p.do(`{"do":"ping"}`, `{"ok":true}`)
		p.do(`{"do":"ping"}`, `{"error":"limit","detail":"too many requests a second"}`)
		time.Sleep(800 * time.Millisecond)
		p.do(`{"do":"info","info":2}`, `{"error":"limit","detail":"info is told to each topic: too many a second"}`)
		p.do(`{"do":"ping"}`, `{"ok":true}`) // that cost one
		for i := range 30 {
			time.Sleep(time.Second)
			p.do(fmt.Sprintf(`{"do":"subscribe","topic":"more%d"}`, i), `{"ok":true}`)
		}
		time.Sleep(time.Minute)
		p.do(`{"do":"info","info":3}`, `{"ok":true}`) // in more topics than requests there may be at once
		p.do(`{"do":"ping"}`, `{"error":"limit","detail":"too many requests a second"}`)
	})
}

// What comes too soon isn't looked into if it is too long as well.
func TestTooLargeAndTooMany(t *testing.T) {
	inWorld(t, app.Config{}, live.New(live.Config{MaxRate: 1, MaxRequest: 20}), func(t *testing.T, w *world) {
		p := w.connect()
		long := `{"do":"ping","id":"` + strings.Repeat("i", 60) + `"}`
		for range 102 {
			p.do(long, `{"error":"too_large","detail":"the request is too long"}`)
		}
		p.send(long)
		p.wantEnd(live.CloseTooMany, "too many requests")
	})
}

// Who may do what is never asked about names that no topic can have.
func TestAuthorizeIsAskedAboutTopics(t *testing.T) {
	cfg := app.Config{Authorize: func(_ *app.Conn, a app.Action, topic string) (app.Grant, error) {
		if topic != "x" {
			t.Errorf("asked whether to %v %.20q", a, topic)
		}
		return app.Grant{}, nil
	}}
	inWorld(t, cfg, live.New(live.Config{}), func(t *testing.T, w *world) {
		p := w.connect()
		for _, name := range []string{"", strings.Repeat("y", app.MaxTopicName+1)} {
			for _, do := range []string{"subscribe", "publish", "members"} {
				p.do(fmt.Sprintf(`{"do":%q,"topic":%q,"data":1}`, do, name), `{"error":"bad_request","detail":"topic must be 1 to 255 bytes"}`)
			}
			if _, err := w.AllMembers(context.Background(), name); !errors.Is(err, app.ErrTopicName) {
				t.Errorf("AllMembers(%.20q): %v", name, err)
			}
		}
		p.do(`{"do":"subscribe","topic":"x"}`, `{"ok":true}`)
	})
}

// A refusal that says how the connection is to end ends it.
func TestAuthorizeCloses(t *testing.T) {
	cfg := app.Config{Authorize: func(*app.Conn, app.Action, string) (app.Grant, error) {
		return app.Grant{}, &app.CloseError{Code: 4003, Reason: "out"}
	}}
	inWorld(t, cfg, live.New(live.Config{}), func(t *testing.T, w *world) {
		p := w.connect()
		p.send(`{"do":"subscribe","topic":"x"}`)
		p.wantEnd(4003, "out")
	})
}

func TestLimitOfTopics(t *testing.T) {
	inWorld(t, app.Config{MaxTopics: 1}, live.New(live.Config{}), func(t *testing.T, w *world) {
		p := w.connect()
		p.do(`{"do":"subscribe","topic":"x"}`, `{"ok":true}`)
		p.do(`{"do":"subscribe","topic":"y"}`, `{"error":"limit","detail":"subscribed to too many topics"}`)
	})
}

func TestScript(t *testing.T) {
	get := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/godwit.js", nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		live.Script().ServeHTTP(w, r)
		return w
	}
	first := get("")
	if first.Code != 200 || !strings.HasPrefix(first.Header().Get("Content-Type"), "text/javascript") || !strings.Contains(first.Body.String(), "export function connect") {
		t.Errorf("GET = %d %v", first.Code, first.Header())
	}
	if again := get(first.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("GET again = %d, want 304", again.Code)
	}
}

func ExampleLive_Mount() {
	l := live.New(live.Config{})
	http.Handle("/godwit.js", live.Script())
	s, err := app.New(app.Config{
		HTTP:   http.DefaultServeMux,
		Retain: func(string) app.Retention { return app.Retention{MaxMessages: 100} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Mount(s.Router(), "/live"))
	// Output: <nil>
}
