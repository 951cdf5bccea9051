package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
)

// fuzzer is a fuzzing server as far as a client can tell.
type fuzzer struct {
	count string                            // its answer to getCaseCount
	cases map[string]func(*conn.Conn) error // by number; a missing one is refused

	mu  sync.Mutex
	log []string // what was asked for
}

// serve runs it until the test ends, and returns its URL.
func (f *fuzzer) serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

func (f *fuzzer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.log = append(f.log, r.URL.RequestURI())
	f.mu.Unlock()
	up := &conn.Upgrader{Config: conn.Config{
		MaxMessageSize: -1,
		Compression:    conn.Compression{Enabled: true},
	}}
	switch r.URL.Path {
	case "/getCaseCount":
		up.Handler(func(c *conn.Conn) error { return c.WriteText(context.Background(), f.count) }).ServeHTTP(w, r)
	case "/updateReports":
		up.Handler(func(*conn.Conn) error { return nil }).ServeHTTP(w, r)
	case "/runCase":
		play := f.cases[r.URL.Query().Get("case")]
		if play == nil {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		up.Handler(play).ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f *fuzzer) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log
}

// wantEcho sends a message, and fails the test unless it comes back.
func wantEcho(t *testing.T, c *conn.Conn, op conn.Opcode, p []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Write(ctx, op, p); err != nil {
		t.Errorf("sending %d bytes: %v", len(p), err)
		return nil
	}
	got, answer, err := c.Read(ctx)
	if err != nil || got != op || !bytes.Equal(answer, p) {
		t.Errorf("%v of %d bytes came back as %v of %d, %v", op, len(p), got, len(answer), err)
	}
	return nil
}

func TestAutobahn(t *testing.T) {
	f := &fuzzer{count: "4", cases: map[string]func(*conn.Conn) error{
		"1": func(c *conn.Conn) error { return wantEcho(t, c, conn.Text, []byte("hello")) },
		"2": func(c *conn.Conn) error { c.Abort(); return nil },
		"3": func(c *conn.Conn) error { return wantEcho(t, c, conn.Binary, make([]byte, 16<<20)) },
		"4": func(c *conn.Conn) error {
			return &conn.CloseError{Code: frame.CodePolicyViolation, Reason: "bad \x1b client"}
		},
	}}
	got := invoke(t, "", "autobahn", "client", "--url", f.serve(t)+"/", "--agent", "godwit 1+2/&你")
	want := result{code: exitOK, out: `case 1/4: websocket closed by peer: 1000 normal
case 2/4: websocket lost: 1006 abnormal: conn: connection closed without a Close frame
case 3/4: websocket closed by peer: 1000 normal
case 4/4: websocket closed by peer: 1008 policy violation, reason "bad \x1b client"
`}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const agent = "agent=godwit%201%2B2%2F%26%E4%BD%A0"
	asked := []string{
		"/getCaseCount",
		"/runCase?case=1&" + agent,
		"/runCase?case=2&" + agent,
		"/runCase?case=3&" + agent,
		"/runCase?case=4&" + agent,
		"/updateReports?" + agent,
	}
	if diff := cmp.Diff(asked, f.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAutobahnCompress(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want bool
	}{{nil, false}, {[]string{"--compress"}, true}} {
		f := &fuzzer{count: "1", cases: map[string]func(*conn.Conn) error{"1": func(c *conn.Conn) error {
			if c.Compressed() != tt.want {
				t.Errorf("%q: compressed %v", tt.args, c.Compressed())
			}
			offer := c.Request().Get("Sec-WebSocket-Extensions")
			if strings.Contains(offer, "client_no_context_takeover") != tt.want {
				t.Errorf("%q: offers %q", tt.args, offer)
			}
			return wantEcho(t, c, conn.Text, bytes.Repeat([]byte("again and "), 10000))
		}}}
		args := append([]string{"autobahn", "client", "--agent", "g", "--url", f.serve(t)}, tt.args...)
		if got := invoke(t, "", args...); got.code != exitOK {
			t.Errorf("%q: %+v", tt.args, got)
		}
	}
}

// TestAutobahnGoesOn can't run one case of three: the others are run, the reports
// written, and the exit status tells.
func TestAutobahnGoesOn(t *testing.T) {
	fine := func(c *conn.Conn) error { return wantEcho(t, c, conn.Text, nil) }
	f := &fuzzer{count: " 3\n", cases: map[string]func(*conn.Conn) error{"1": fine, "3": fine}}
	got := invoke(t, "", "autobahn", "client", "--url", f.serve(t), "--agent", "g")
	if got.code != exitFailure || got.err != "godwit autobahn client: 1 of 3 cases could not be run\n" {
		t.Errorf("%+v", got)
	}
	lines := strings.Split(got.out, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "case 2/3: not run: ") || !strings.Contains(lines[1], "503") {
		t.Errorf("printed %q", got.out)
	}
	if asked := f.asked(); asked[len(asked)-1] != "/updateReports?agent=g" {
		t.Errorf("asked for %q", asked)
	}
}

// TestAutobahnCount is what a server may say of the number of its cases.
func TestAutobahnCount(t *testing.T) {
	for _, tt := range []struct {
		count string
		code  int
		err   string
	}{
		{"0", exitOK, ""},
		{"many", exitFailure, `godwit autobahn client: asking for the number of cases: the server answered "many"` + "\n"},
		{"-1", exitFailure, `godwit autobahn client: asking for the number of cases: the server answered "-1"` + "\n"},
		{"", exitFailure, `godwit autobahn client: asking for the number of cases: the server answered ""` + "\n"},
	} {
		f := &fuzzer{count: tt.count}
		want := result{code: tt.code, err: tt.err}
		got := invoke(t, "", "autobahn", "client", "--url", f.serve(t), "--agent", "g")
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.count, diff)
		}
	}
}

// TestAutobahnNoServer talks to servers that don't know what is wanted.
func TestAutobahnNoServer(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	got := invoke(t, "", "autobahn", "client", "--url", srv.URL, "--agent", "g")
	if got.code != exitFailure || !strings.Contains(got.err, "asking for the number of cases: ") || !strings.Contains(got.err, "404") {
		t.Errorf("%+v", got)
	}
	silent := peer(t, &conn.Upgrader{Logger: slog.New(slog.DiscardHandler)}, func(*conn.Conn) error { return errors.New("not today") })
	got = invoke(t, "", "autobahn", "client", "--url", silent, "--agent", "g")
	if got.code != exitFailure || !strings.Contains(got.err, "1011") {
		t.Errorf("%+v", got)
	}
}

// TestAutobahnInterrupted ends during a case: no further one is run, and the
// reports of those before are written.
func TestAutobahnInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &fuzzer{count: "100", cases: make(map[string]func(*conn.Conn) error)}
	for n := range 100 {
		f.cases[strconv.Itoa(n+1)] = func(c *conn.Conn) error {
			if n == 2 {
				cancel()
				<-c.DiscardReads().Done()
			}
			return nil
		}
	}
	out, errs := newTranscript(), newTranscript()
	args := []string{"autobahn", "client", "--url", f.serve(t), "--agent", "g"}
	if code := run(ctx, args, stdio{nil, out, errs}); code != exitFailure {
		t.Errorf("exit status %d", code)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 || !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("%d cases were run\n%s", n, errs)
	}
	if asked := f.asked(); asked[len(asked)-1] != "/updateReports?agent=g" {
		t.Errorf("asked for %q", asked)
	}
}
