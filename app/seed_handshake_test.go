package app_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

func TestSeed020Handshake(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/chat", echoes()))
	p := openFrames(t, url, "/chat")
	want := http.Header{
		"Upgrade":              {"websocket"},
		"Connection":           {"Upgrade"},
		"Sec-Websocket-Accept": {sampleAccept},
	}
	if diff := cmp.Diff(want, p.answer.Header); diff != "" {
		t.Errorf("fields of the answer (-want +got):\n%s", diff)
	}
	p.write(whole(conn.Text, "hello"))
	p.want(conn.Text, "hello")
	p.close(conn.CodeNormal, "")
}

// request puts a request together of lines; the empty line at its end comes by
// itself.
func request(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// statusOf is the status of the answer to a request, and the answer.
func statusOf(t *testing.T, addr, request string) (int, *http.Response) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(limit))
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatalf("no answer to %q: %v", shorten(request), err)
	}
	return resp.StatusCode, resp
}

func TestSeed021RequiredFields(t *testing.T) {
	s, _ := serve(t, app.Config{}, at(t, "/chat", echoes()))
	host := s.Addr().String()
	get, key, version := "GET /chat HTTP/1.1", "Sec-WebSocket-Key: "+sampleKey, "Sec-WebSocket-Version: 13"
	for name, lines := range map[string][]string{
		"no-space":        {get, "Host: " + host, "Upgrade: websocket", "Connection: keep-alive,Upgrade", key, version},
		"space":           {get, "Host: " + host, "Upgrade: websocket", "Connection: keep-alive, Upgrade", key, version},
		"much-space":      {get, "Host: " + host, "Upgrade: websocket", "Connection: \t keep-alive \t,  Upgrade  ", key, version},
		"two-lines":       {get, "Host: " + host, "Upgrade: websocket", "Connection: keep-alive", "Connection: Upgrade", key, version},
		"other-protocols": {get, "Host: " + host, "Upgrade: foo, websocket", "Connection: Upgrade", key, version},
		"behind":          {get, "Host: " + host, "Upgrade: websocket, foo", "Connection: Upgrade", key, version},
		"values-in-caps":  {get, "Host: " + host, "Upgrade: WebSocket", "Connection: UPGRADE", key, version},
		"names-in-caps":   {get, "HOST: " + host, "UPGRADE: websocket", "CONNECTION: Upgrade", strings.ToUpper("Sec-WebSocket-Key") + ": " + sampleKey, strings.ToUpper(version)},
		"names-in-small":  {get, "host: " + host, "upgrade: websocket", "connection: Upgrade", "sec-websocket-key: " + sampleKey, strings.ToLower(version)},
		"absolute-target": {"GET http://" + host + "/chat HTTP/1.1", "Host: " + host, "Upgrade: websocket", "Connection: Upgrade", key, version},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := statusOf(t, host, request(lines...)); got != http.StatusSwitchingProtocols {
				t.Errorf("status %d, want 101", got)
			}
		})
	}
}

// refusal is a request that is refused, and how.
type refusal struct {
	name    string
	request string
	status  int
	field   string // that the answer must have, with its value
}

func refusals(host string) []refusal {
	get, key, version := "GET /chat HTTP/1.1", "Sec-WebSocket-Key: "+sampleKey, "Sec-WebSocket-Version: 13"
	at, up, con := "Host: "+host, "Upgrade: websocket", "Connection: Upgrade"
	return []refusal{
		{"unknown-path", opening(host, "/nowhere"), 404, ""},
		{"unknown-path-first", request("POST /nowhere HTTP/1.1", at), 404, ""},
		{"unknown-path-plain", request("GET /nowhere HTTP/1.1", at), 404, ""},
		{"bad-escape", opening(host, "/%zz"), 400, ""},
		{"post", request("POST /chat HTTP/1.1", at, up, con, key, version), 405, "Allow: GET"},
		{"post-plain", request("POST /chat HTTP/1.1", at), 405, "Allow: GET"},
		{"no-upgrade", request(get, at, con, key, version), 426, "Upgrade: websocket"},
		{"plain", request(get, at), 426, "Sec-WebSocket-Version: 13"},
		{"other-upgrade", request(get, at, "Upgrade: h2c", con, key, version), 426, "Upgrade: websocket"},
		{"connection-close", request(get, at, up, "Connection: close", key, version), 426, "Upgrade: websocket"},
		{"no-version", request(get, at, up, con, key), 426, "Sec-WebSocket-Version: 13"},
		{"version-8", request(get, at, up, con, key, "Sec-WebSocket-Version: 8"), 426, "Sec-WebSocket-Version: 13"},
		{"no-host", request(get, up, con, key, version), 400, ""},
		{"no-key", request(get, at, up, con, version), 400, ""},
		{"short-key", request(get, at, up, con, "Sec-WebSocket-Key: c2hvcnQ=", version), 400, ""},
		{"key-no-base64", request(get, at, up, con, "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", version), 400, ""},
		{"http-1.0", request("GET /chat HTTP/1.0", at, up, con, key, version), 400, ""},
		{"garbage", "garbage\r\n\r\n", 400, ""},
		{"not-ascii", "\xff\xfe\x00\r\n\r\n", 400, ""},
		{"bare-lf", strings.ReplaceAll(opening(host, "/chat"), "\r\n", "\n"), 400, ""},
		{"too-large", padded(host, "/chat", 4097), 431, ""},
		{"too-large-unfinished", strings.TrimSuffix(padded(host, "/chat", 5000), "\r\n\r\n"), 431, ""},
		{"origin", opening(host, "/chat", "Origin: http://elsewhere.example"), 403, ""},
	}
}

func TestSeed022Refusals(t *testing.T) {
	log, lines := logger(slog.LevelInfo)
	s, _ := serve(t, app.Config{Logger: log}, at(t, "/chat", echoes()))
	for _, tt := range refusals(s.Addr().String()) {
		t.Run(tt.name, func(t *testing.T) {
			before := len(lines.String())
			answer := raw(t, s.Addr().String(), tt.request)
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
			if err != nil {
				t.Fatalf("answer %q: %v", answer, err)
			}
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if resp.ContentLength != int64(len(body)) || len(body) == 0 || !strings.HasSuffix(answer, string(body)) {
				t.Errorf("Content-Length %d with a body of %d bytes", resp.ContentLength, len(body))
			}
			if !resp.Close {
				t.Error("no Connection: close")
			}
			if name, value, ok := strings.Cut(tt.field, ": "); ok && resp.Header.Get(name) != value {
				t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), value)
			}
			logged := fmt.Sprintf("Handshake failed: .* status=%d", tt.status)
			eventually(t, "a line in the log", func() bool {
				return regexp.MustCompile(logged).MatchString(lines.String()[before:])
			})
		})
	}
}

func TestSeed022TooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{}, at(t, "/chat", echoes()))
		nc, err := m.connect("192.0.2.7:7777")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		start := time.Now()
		io.WriteString(nc, "GET /chat HTTP/1.1\r\nHost: ")
		resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil || resp.StatusCode != http.StatusRequestTimeout {
			t.Errorf("answer %v, %v, want 408", resp, err)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("after %v, want 10s", got)
		}
	})
}

// A request that was under way when Shutdown came is told to come again.
func TestSeed022Stopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := serveMemory(t, app.Config{}, at(t, "/chat", echoes()))
		nc, err := m.connect("192.0.2.7:7777")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		text := opening("192.0.2.1", "/chat")
		io.WriteString(nc, text[:20])
		synctest.Wait()
		go s.Shutdown(t.Context())
		synctest.Wait()
		go io.WriteString(nc, text[20:])
		answer, _ := io.ReadAll(nc)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") || !strings.Contains(string(answer), "\r\nRetry-After: ") {
			t.Errorf("answer %q, want 503", answer)
		}
	})
}

func TestSeed023BytesBehindTheHeader(t *testing.T) {
	s, _ := serve(t, app.Config{}, at(t, "/echo", echoes()))
	host := s.Addr().String()
	nc, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(limit))
	io.WriteString(nc, opening(host, "/echo")+string(whole(conn.Text, "early"))+string(part(conn.Text, "cut")))
	in := bufio.NewReader(nc)
	if _, err := http.ReadResponse(in, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := readFrame(in); err != nil || string(f.payload) != "early" {
		t.Errorf("got %q, %v", f.payload, err)
	}
	nc.Write(whole(0, " in two"))
	if f, err := readFrame(in); err != nil || string(f.payload) != "cut in two" {
		t.Errorf("got %q, %v", f.payload, err)
	}
}

func TestSeed024Dribble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{}, at(t, "/echo", echoes()))
		nc, err := m.connect("192.0.2.7:7777")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		go func() {
			for _, b := range []byte(opening("192.0.2.1", "/echo")) {
				time.Sleep(time.Millisecond)
				nc.Write([]byte{b})
			}
		}()
		if resp, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || resp.StatusCode != 101 {
			t.Errorf("answer %v, %v", resp, err)
		}
	})
}

func TestSeed024Silence(t *testing.T) {
	secured, _ := certified(t)
	proxies := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for name, tt := range map[string]struct {
		config app.Config
		want   time.Duration
	}{
		"default": {app.Config{}, 10 * time.Second},
		"2s":      {app.Config{Limits: conn.Config{HandshakeTimeout: 2 * time.Second}}, 2 * time.Second},
		"tls":     {app.Config{TLS: secured}, 10 * time.Second},
		"proxy":   {app.Config{ProxyProtocol: true, TrustedProxies: proxies}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := serveMemory(t, tt.config, at(t, "/echo", echoes()))
				start := time.Now()
				if answer := m.ask(t, ""); answer != "" {
					t.Errorf("a silent client was answered %q", answer)
				}
				if got := time.Since(start); got != tt.want {
					t.Errorf("closed after %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestSeed025Extensions(t *testing.T) {
	const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-unknown"
	for name, enabled := range map[string]bool{"off": false, "on": true} {
		t.Run(name, func(t *testing.T) {
			limits := conn.Config{Compression: conn.Compression{Enabled: enabled, Threshold: -1}}
			_, url := serve(t, app.Config{Limits: limits}, at(t, "/echo", echoes()))
			agreed := openFrames(t, url, "/echo", offer).answer.Header.Get("Sec-WebSocket-Extensions")
			if strings.HasPrefix(agreed, "permessage-deflate") != enabled || strings.Contains(agreed, "unknown") {
				t.Errorf("agreed on %q", agreed)
			}
			text := strings.Repeat("compress me ", 1000)
			c := dialWith(t, &conn.Dialer{Config: limits}, url+"/echo")
			c.send(text)
			c.want(text)
		})
	}
}

func TestSeed026Subprotocols(t *testing.T) {
	told := acts{open: func(c *app.Conn) error { return c.SendText("speaking " + c.Subprotocol()) }}
	_, url := serve(t, app.Config{Subprotocols: []string{"chat.v2", "chat.v1"}}, at(t, "/chat", told))
	for _, tt := range []struct {
		offered []string
		want    string
	}{
		{nil, ""},
		{[]string{"chat.v1"}, "chat.v1"},
		{[]string{"chat.v1", "chat.v2"}, "chat.v2"},
		{[]string{"other"}, ""},
	} {
		c := dialWith(t, &conn.Dialer{Subprotocols: tt.offered}, url+"/chat")
		c.want("speaking " + tt.want)
		if got := c.Subprotocol(); got != tt.want {
			t.Errorf("offered %q: agreed on %q, want %q", tt.offered, got, tt.want)
		}
	}
}

func TestSeed026Origins(t *testing.T) {
	log, lines := logger(slog.LevelInfo)
	for name, tt := range map[string]struct {
		origins app.Origins
		origin  string
		want    int
	}{
		"none":         {app.Origins{}, "", 101},
		"same":         {app.Origins{}, "http://HOST", 101},
		"other":        {app.Origins{}, "http://elsewhere.example", 403},
		"opaque":       {app.Origins{}, "null", 403},
		"listed":       {app.Origins{Allow: []string{"https://good.example"}}, "https://good.example", 101},
		"not-listed":   {app.Origins{Allow: []string{"https://good.example"}}, "https://bad.example", 403},
		"any":          {app.Origins{AllowAny: true}, "https://bad.example", 101},
		"file-allowed": {app.Origins{LocalFiles: true}, "null", 101},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := serve(t, app.Config{Origins: tt.origins, Logger: log}, at(t, "/chat", echoes()))
			host := s.Addr().String()
			var fields []string
			if tt.origin != "" {
				fields = append(fields, "Origin: "+strings.ReplaceAll(tt.origin, "HOST", host))
			}
			if got, _ := statusOf(t, host, opening(host, "/chat", fields...)); got != tt.want {
				t.Errorf("Origin %q: %d, want %d", tt.origin, got, tt.want)
			}
		})
	}
	if !strings.Contains(lines.String(), "Config.Origins") {
		t.Errorf("no line of the log names the setting:\n%s", lines)
	}
}

// Middleware sees headers, cookies and the query before the handshake is answered.
func TestSeed026Authentication(t *testing.T) {
	type user struct{}
	auth := func(next app.Acceptor) app.Acceptor {
		return func(r *app.Request) (app.Handler, error) {
			cookie, _ := r.Cookie("session")
			switch {
			case r.Header("Authorization") == "Bearer good":
				r.Set(user{}, "by header")
			case cookie == "good":
				r.Set(user{}, "by cookie")
			case r.Query().Get("token") == "good":
				r.Set(user{}, "by query")
			case cookie == "old":
				return nil, app.Refuse(http.StatusUnauthorized, "sign in again")
			default:
				return nil, app.Refuse(http.StatusForbidden, "who are you?")
			}
			return next(r)
		}
	}
	greets := acts{open: func(c *app.Conn) error { return c.SendText(c.Get(user{}).(string)) }}
	_, url := serve(t, app.Config{}, func(r *app.Router) {
		route(t, r, "/chat", func() any { h := greets; return &h }, auth)
	})
	header := func(name, value string) *conn.Dialer { return &conn.Dialer{Header: http.Header{name: {value}}} }
	dialWith(t, header("Authorization", "Bearer good"), url+"/chat").want("by header")
	dialWith(t, header("Cookie", "a=b; session=good"), url+"/chat").want("by cookie")
	dialWith(t, new(conn.Dialer), url+"/chat?token=good").want("by query")
	if got, body := status(t, new(conn.Dialer), url+"/chat"); got != http.StatusForbidden || body != "who are you?\n" {
		t.Errorf("%d %q", got, body)
	}
	if got, _ := status(t, header("Cookie", "session=old"), url+"/chat"); got != http.StatusUnauthorized {
		t.Errorf("%d, want 401", got)
	}
}
