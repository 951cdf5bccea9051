package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
)

// quick is a short wait for the tests of piped input: the ping before it is what
// keeps the answers of these servers.
const quick = "--wait=20ms"

// peer runs a WebSocket server until the test ends, and returns its URL.
func peer(t *testing.T, up *conn.Upgrader, f func(*conn.Conn) error) string {
	t.Helper()
	srv := httptest.NewServer(up.Handler(f))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// echoing runs an echo server.
func echoing(t *testing.T) string {
	t.Helper()
	return peer(t, new(conn.Upgrader), func(c *conn.Conn) error { return c.Run(echoHooks{}) })
}

// TestDialPiped is what a newcomer tries first.
func TestDialPiped(t *testing.T) {
	for _, tt := range []struct {
		name, in, out string
	}{
		{"nothing", "", ""},
		{"hello", "hello\n", "hello\n"},
		{"without-newline", "hello", "hello\n"},
		{"windows-lines", "one\r\ntwo\r\n", "one\ntwo\n"},
		{"empty-line", "\n", "\n"},
		{"other-script", "你好，世界\n", "你好，世界\n"},
		{"slash", "//etc\n", "/etc\n"},
		{"binary", "/binary 00 01 fF\n", "binary, 3 bytes: 00 01 ff\n"},
		{"binary-in-one", "/binary 0001ff\n", "binary, 3 bytes: 00 01 ff\n"},
		{"binary-empty", "/binary\n", "binary, 0 bytes:\n"},
		{"long", strings.Repeat("x", 1<<20) + "\n", strings.Repeat("x", 1<<20) + "\n"},
		{"many", strings.Repeat("line\n", 1000), strings.Repeat("line\n", 1000)},
		{"escaped", "a\x1b[31mb\n", `a\x1b[31mb` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := invoke(t, tt.in, "dial", quick, echoing(t))
			if got.code != exitOK || got.out != tt.out {
				t.Errorf("exit status %d, %.80q; want 0, %.80q\n%s", got.code, got.out, tt.out, got.err)
			}
			if want := "websocket closed locally: 1000 normal\n"; !strings.HasSuffix(got.err, want) {
				t.Errorf("standard error %q doesn't end with %q", got.err, want)
			}
		})
	}
}

// TestDialNotes are lines that can't be sent: they are noted, and the rest goes on.
func TestDialNotes(t *testing.T) {
	for _, tt := range []struct {
		name, line, note string
	}{
		{"unknown", "/fly", "no command /fly; /help lists them, a text that begins with a slash is typed with two"},
		{"hex-digit", "/binary xy", "not sent: encoding/hex: invalid byte: U+0078 'x'; write /binary 01 02 ff"},
		{"hex-odd", "/binary 012", "not sent: encoding/hex: odd length hex string; write /binary 01 02 ff"},
		{"not-utf8", "\xff", "not sent: conn: "},
		{"close-word", "/close now", "not closed: now is no code that may be sent; 1000 and 3000 to 4999 are"},
		{"close-unsendable", "/close 1006", "not closed: 1006 is no code"},
		{"close-large", "/close 70000", "not closed: 70000 is no code"},
		{"close-not-utf8", "/close 1000 \xff", "not closed: the reason is not UTF-8"},
		{"help", "/help", "/binary HEX"},
		{"ping", "/ping", "pong after "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := invoke(t, tt.line+"\nstill here\n", "dial", quick, echoing(t))
			want := tt.note
			if tt.name == "not-utf8" {
				want = "not sent: " + conn.ErrNotUTF8.Error()
			}
			if got.code != exitOK || got.out != "still here\n" || !strings.Contains(got.err, want) {
				t.Errorf("%+v; want %q on standard error", got, want)
			}
		})
	}
}

// TestDialClose types /close in its forms, and looks at what the server sees.
func TestDialClose(t *testing.T) {
	long := strings.Repeat("é", 100)
	for _, tt := range []struct {
		line   string
		code   frame.Code
		reason string
	}{
		{"/close", frame.CodeNormal, ""},
		{"/close 1000", frame.CodeNormal, ""},
		{"/close 4001 see you, then", 4001, "see you, then"},
		{"/close 3000 " + long, 3000, long[:122]},
	} {
		seen := make(chan *conn.CloseError, 1)
		url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
			_, _, err := c.Read(context.Background())
			e, _ := errors.AsType[*conn.CloseError](err)
			seen <- e
			return err
		})
		got := invoke(t, tt.line+"\nnot sent any more\n", "dial", url)
		want := &conn.CloseError{Code: tt.code, Reason: tt.reason, Remote: true}
		if diff := cmp.Diff(want, <-seen); diff != "" || got.code != exitOK {
			t.Errorf("%s: exit status %d, the server saw (-want +got):\n%s", tt.line, got.code, diff)
		}
	}
}

// TestDialEndings is how the server may end a conversation.
func TestDialEndings(t *testing.T) {
	closing := func(code frame.Code, reason string) func(*conn.Conn) error {
		return func(c *conn.Conn) error { return c.Close(context.Background(), code, reason) }
	}
	for _, tt := range []struct {
		name string
		f    func(*conn.Conn) error
		code int
		err  string
	}{
		{"normal", closing(frame.CodeNormal, "bye"), exitOK, `websocket closed by peer: 1000 normal, reason "bye"`},
		{"going-away", closing(frame.CodeGoingAway, ""), exitOK, "websocket closed by peer: 1001 going away"},
		{"no-code", closing(frame.CodeNoStatus, ""), exitOK, "websocket closed by peer: 1005"},
		{"policy", closing(frame.CodePolicyViolation, "go"), exitFailure, `godwit dial: websocket closed by peer: 1008 policy violation, reason "go"`},
		{"own-code", closing(4000, "\x1b[2J"), exitFailure, `godwit dial: websocket closed by peer: 4000, reason "\x1b[2J"`},
		{"dropped", func(c *conn.Conn) error { c.Abort(); return nil }, exitFailure, "godwit dial: websocket lost: 1006"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, typist := io.Pipe() // stays open, as a terminal does
			defer typist.Close()
			out, errs := newTranscript(), newTranscript()
			code := run(t.Context(), []string{"dial", peer(t, new(conn.Upgrader), tt.f)}, stdio{in, out, errs})
			if code != tt.code || out.String() != "" || !strings.Contains(errs.String(), "\n"+tt.err) {
				t.Errorf("exit status %d, printed %q and %q; want %d and %q", code, out, errs, tt.code, tt.err)
			}
		})
	}
}

// TestDialEndsWhileTyping sends lines to a server that goes: the end is told, and
// no line about it.
func TestDialEndsWhileTyping(t *testing.T) {
	url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
		c.Read(context.Background())
		return c.Close(context.Background(), frame.CodeNormal, "enough")
	})
	got := invoke(t, strings.Repeat("line\n", 5000)+"/ping\n", "dial", quick, url)
	if got.code != exitOK || strings.Count(got.err, "\n") != 2 || !strings.Contains(got.err, `reason "enough"`) {
		t.Errorf("%+v", got)
	}
}

// TestDialWaits pipes a question to a server that takes its time over each of
// several answers.
func TestDialWaits(t *testing.T) {
	t.Parallel()
	url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
		ctx := context.Background()
		if _, _, err := c.Read(ctx); err != nil {
			return err
		}
		c.DiscardReads()
		for _, answer := range []string{"one", "two", "three"} {
			time.Sleep(800 * time.Millisecond) // much shorter than the wait, longer in all
			c.WriteText(ctx, answer)
		}
		<-c.Context().Done()
		return nil
	})
	got := invoke(t, "count\n", "dial", "--wait", "2s", url)
	if want := "one\ntwo\nthree\n"; got.code != exitOK || got.out != want {
		t.Errorf("%+v, want %q", got, want)
	}
}

// TestDialWaitsForServer waits until the server closes.
func TestDialWaitsForServer(t *testing.T) {
	url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
		return c.WriteText(context.Background(), "here you are") // and close
	})
	got := invoke(t, "", "dial", "--wait", "-1s", url)
	if got.code != exitOK || got.out != "here you are\n" || !strings.Contains(got.err, "closed by peer: 1000") {
		t.Errorf("%+v", got)
	}
}

// TestDialSlowAnswer closes only behind a large answer that is on its way.
func TestDialSlowAnswer(t *testing.T) {
	const size = 8 << 20
	url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
		return c.Run(replyHooks{make([]byte, size)})
	})
	got := invoke(t, "send\n", "dial", "--wait", "1ms", url)
	if want := "binary, 8388608 bytes: 00 "; got.code != exitOK || !strings.HasPrefix(got.out, want) {
		t.Errorf("%+v, want %q", got, want)
	}
}

// replyHooks answers every message with one of its own.
type replyHooks struct{ reply []byte }

func (replyHooks) OnOpen(*conn.Conn) error { return nil }

func (h replyHooks) OnMessage(c *conn.Conn, _ conn.Opcode, _ []byte) error {
	return c.Write(context.Background(), conn.Binary, h.reply)
}

func (replyHooks) OnClose(*conn.Conn, *conn.CloseError) {}

// TestDialInterrupted ends at once, while input and answers are waited for.
func TestDialInterrupted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		finish bool // input has ended
	}{{"typing", false}, {"waiting", true}} {
		t.Run(tt.name, func(t *testing.T) {
			in, typist := io.Pipe()
			defer typist.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			heard := make(chan error, 1)
			url := peer(t, new(conn.Upgrader), func(c *conn.Conn) error {
				c.Read(context.Background())
				if tt.finish {
					typist.Close()
				}
				cancel()
				_, _, err := c.Read(context.Background())
				heard <- err
				return nil
			})
			go io.WriteString(typist, "hello\n")
			errs := newTranscript()
			if code := run(ctx, []string{"dial", "--wait", "1h", url}, stdio{in, io.Discard, errs}); code != exitOK {
				t.Errorf("exit status %d\n%s", code, errs)
			}
			if err := <-heard; err.Error() != "websocket closed by peer: 1001 going away" {
				t.Errorf("the server saw %v", err)
			}
		})
	}
}

// TestDialRequest checks what the flags put into the request.
func TestDialRequest(t *testing.T) {
	got := make(chan http.Header, 1)
	up := &conn.Upgrader{
		Subprotocols: []string{"two"},
		Config:       conn.Config{Compression: conn.Compression{Enabled: true}},
	}
	up.Origins.AllowAny = true
	h := up.Handler(func(c *conn.Conn) error { return nil })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	res := invoke(t, "", "dial", srv.URL, "--header", "X-One: 1", "--header=X-Two:a:b", "--header", "X-One:2",
		"--origin", "https://example.com", "--subprotocol", "one", "--subprotocol", "two", "--compress")
	if res.code != exitOK || !strings.HasPrefix(res.err, `connected, subprotocol "two", compressed; `) {
		t.Errorf("%+v", res)
	}
	sent := <-got
	for name, want := range map[string][]string{
		"X-One":                    {"1", "2"},
		"X-Two":                    {"a:b"},
		"Origin":                   {"https://example.com"},
		"Sec-Websocket-Protocol":   {"one, two"},
		"Sec-Websocket-Extensions": {"permessage-deflate; client_max_window_bits"},
	} {
		if diff := cmp.Diff(want, sent.Values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestDialTLS refuses a certificate of nobody's, unless told otherwise.
func TestDialTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(new(conn.Upgrader).Handler(func(c *conn.Conn) error { return c.Run(echoHooks{}) }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the refusal is what we want
	srv.StartTLS()
	defer srv.Close()
	url := "wss" + strings.TrimPrefix(srv.URL, "https")
	if got := invoke(t, "hello\n", "dial", quick, url); got.code != exitFailure || !strings.Contains(got.err, "certificate") {
		t.Errorf("%+v", got)
	}
	if got := invoke(t, "hello\n", "dial", quick, url, "--insecure"); got.code != exitOK || got.out != "hello\n" {
		t.Errorf("%+v", got)
	}
}

// TestDialFails says in one line why there is no connection.
func TestDialFails(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	gone := httptest.NewServer(nil)
	gone.Close()
	defer srv.Close()
	for _, tt := range []struct{ name, url, want string }{
		{"refused", srv.URL, `answered the handshake with 404 "Not Found": "404 page not found"`},
		{"nobody-there", gone.URL, "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := invoke(t, "", "dial", "ws"+strings.TrimPrefix(tt.url, "http"))
			if got.code != exitFailure || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, tt.want) {
				t.Errorf("%+v, want %q", got, tt.want)
			}
		})
	}
}

// brokenReader fails after its text.
type brokenReader struct{ text *strings.Reader }

func (r brokenReader) Read(p []byte) (int, error) {
	if n, err := r.text.Read(p); err == nil {
		return n, nil
	}
	return 0, errors.New("the terminal is on fire")
}

// TestDialBrokenInput treats input that fails as input that ends, and says so.
func TestDialBrokenInput(t *testing.T) {
	out, errs := newTranscript(), newTranscript()
	code := run(t.Context(), []string{"dial", quick, echoing(t)}, stdio{brokenReader{strings.NewReader("hello\n")}, out, errs})
	if code != exitOK || out.String() != "hello\n" || !strings.Contains(errs.String(), "reading input: the terminal is on fire\n") {
		t.Errorf("exit status %d, printed %q and %q", code, out, errs)
	}
}
