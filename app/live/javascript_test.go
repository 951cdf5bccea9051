package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

// patience is how long a browser or Node may take for everything.
const patience = time.Minute

// program finds a program, or skips the test.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("none of %v is installed", names)
	return ""
}

// modules returns a folder with the scripts of testdata and godwit.js.
func modules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{
		"godwit.js": "godwit.mjs", "testdata/unit.mjs": "unit.mjs", "testdata/scenario.mjs": "scenario.mjs",
	} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestJavaScriptUnits(t *testing.T) {
	node, dir := program(t, "node"), modules(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, node, "--test", filepath.Join(dir, "unit.mjs")).CombinedOutput()
	if err != nil {
		t.Errorf("node: %v\n%s", err, out)
	}
}

// mortal is a server that can be killed and started again at the same address. Its
// topics live on.
type mortal struct {
	t      *testing.T
	broker *app.MemoryBroker
	addr   string
	server *app.Server
}

func (m *mortal) start() {
	m.t.Helper()
	s, err := app.New(app.Config{
		Addr: m.addr, Broker: m.broker, Logger: slog.New(slog.DiscardHandler),
		Origins: app.Origins{AllowAny: true}, DrainTimeout: time.Millisecond,
	})
	if err == nil {
		err = live.New(live.Config{}).Mount(s.Router(), "/live")
	}
	if err == nil {
		err = s.Listen()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.server, m.addr = s, s.Addr().String()
	go s.ServeForever()
}

// kill drops everything, as the end of a process does.
func (m *mortal) kill() {
	for c := range m.server.Conns() {
		c.Abort()
	}
	m.server.Shutdown(m.t.Context())
}

// lives has the server publish numbers, and die and come back between them. It returns
// the last number.
func (m *mortal) lives(last int) {
	n := 0
	publish := func(op conn.Opcode, text string) {
		p, err := app.NewPublication("numbers", op, []byte(text))
		if err == nil {
			_, err = m.broker.Publish(context.Background(), p)
		}
		if err != nil {
			m.t.Error(err)
		}
	}
	publish(conn.Binary, "\x00\xff")
	for ; n <= last; n++ {
		publish(conn.Text, fmt.Sprint(n))
		switch n % 100 {
		case 33:
			m.kill()
		case 66:
			m.start()
			m.present()
		}
	}
}

// present waits until somebody is in the topic.
func (m *mortal) present() {
	deadline := time.Now().Add(patience)
	for len(m.server.Members("numbers")) == 0 {
		if time.Now().After(deadline) {
			m.t.Error("the client doesn't come back")
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}

// spoken waits until the client has said that it is in the topic. Killed before it
// knows, it would join anew, and rightly miss what was said until then.
func (m *mortal) spoken() {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		said, err := m.broker.History(m.t.Context(), "numbers", app.Position{}, 1)
		if err != nil || time.Now().After(deadline) {
			m.t.Fatal("the client doesn't say that it is there: ", err)
		}
		if len(said.Publications) > 0 {
			return
		}
	}
}

// seen is what a client reports.
type seen struct {
	Numbers []any
	Gaps    int
	Breaks  int
	Bytes   string
}

// check looks at what a client saw of the numbers up to last.
func (s *seen) check(t *testing.T, last, deaths int) {
	t.Helper()
	var want []any
	for n := range last + 1 {
		want = append(want, float64(n))
	}
	var got []any
	for _, n := range s.Numbers {
		if n != "here" {
			got = append(got, n)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("numbers seen (-want +got):\n%s", diff)
	}
	if s.Gaps != 0 || s.Breaks < deaths || s.Bytes != "0,255" {
		t.Errorf("%d gaps, %d breaks, bytes %q; want none, %d at least, 0,255", s.Gaps, s.Breaks, s.Bytes, deaths)
	}
}

const lastNumber, deaths = 499, 5

func newMortal(t *testing.T) *mortal {
	m := &mortal{t: t, addr: "127.0.0.1:0", broker: app.NewMemoryBroker(app.MemoryConfig{Retain: retain(10_000)})}
	m.start()
	t.Cleanup(func() { m.kill() })
	return m
}

func TestJavaScriptInNode(t *testing.T) {
	node, dir, m := program(t, "node"), modules(t), newMortal(t)
	script := fmt.Sprintf("import { watch } from %q; console.log(JSON.stringify(await watch(%q, %d))); process.exit(0);",
		"file://"+filepath.Join(dir, "scenario.mjs"), "ws://"+m.addr+"/live", lastNumber)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "--experimental-websocket", "--no-warnings", "--input-type=module", "-e", script)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m.spoken()
	m.lives(lastNumber)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("node: %v\n%s", err, errs.String())
	}
	var s seen
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatalf("node wrote %q: %v", out.String(), err)
	}
	s.check(t, lastNumber, deaths)
}

func TestJavaScriptInChromium(t *testing.T) {
	browser := program(t, "chromium", "chromium-browser", "google-chrome")
	dir, m := modules(t), newMortal(t)
	addr := m.addr
	results := make(chan string, 1)
	mux := http.NewServeMux()
	mux.Handle("GET /godwit.mjs", live.Script())
	mux.HandleFunc("GET /scenario.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, filepath.Join(dir, "scenario.mjs"))
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><script type="module">
			import { watch } from "/scenario.mjs";
			fetch("/result", { method: "POST", body: JSON.stringify(await watch("ws://%s/live", %d)) });
		</script>`, addr, lastNumber)
	})
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		results <- string(body)
	})
	pages := httptest.NewServer(mux)
	defer pages.Close()
	profile, err := os.MkdirTemp("", "godwit-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Log(err) // the browser's last processes may still be on their way out
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--user-data-dir="+profile, "--remote-debugging-port=0", pages.URL)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); cmd.Wait() }()
	m.spoken()
	m.lives(lastNumber)
	select {
	case text := <-results:
		var s seen
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatalf("the page sent %q: %v", text, err)
		}
		s.check(t, lastNumber, deaths)
	case <-ctx.Done():
		t.Fatal("the page sent no result")
	}
}
