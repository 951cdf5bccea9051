package interop_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// browser is Chromium, without a window.
type browser struct {
	tools  *devtools
	script []byte // the agent
}

// chromiumFlags keep Chromium to itself, and off the network.
var chromiumFlags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-default-apps", "--disable-extensions", "--disable-breakpad",
	"--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	"--ignore-certificate-errors", "--remote-debugging-port=0", "about:blank",
}

// startBrowser runs Chromium for the time of t.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skipf("Chromium isn't installed (apt-get install chromium): %v", err)
	}
	script, err := os.ReadFile(filepath.Join("testdata", "chromium", "agent.js"))
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "godwit-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Log(err) // its last processes may still be on their way out
		}
	})
	p := start(t, path, append([]string{"--user-data-dir=" + profile}, chromiumFlags...)...)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	url, err := p.stderr.lineWith(ctx, "DevTools listening on ")
	if err != nil {
		t.Fatal(err)
	}
	tools, err := dialDevtools(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tools.post(context.Background(), "", "Browser.close", nil) // a browser that is gone is closed
	})
	return &browser{tools, script}
}

// ServeHTTP serves a page that holds the agent.
func (b *browser) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>agent</title><script>%s</script>", b.script)
}

// open opens the page at url, which has to be served by b, and returns the agent
// in it. A page has no server, can't ping, chooses neither frames nor the
// parameters of compression, and may close with 1000 and 3000 to 4999 only.
func (b *browser) open(ctx context.Context, url string) (*agent, error) {
	const can = whole&^(serves|fragments|pings|anyCode|sendsBad|checksText|asksDeflate|vanishes) | checksText1002
	var target struct {
		ID string `json:"targetId"`
	}
	if err := b.tools.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var attached struct {
		Session string `json:"sessionId"`
	}
	params := map[string]any{"targetId": target.ID, "flatten": true}
	if err := b.tools.call(ctx, "", "Target.attachToTarget", params, &attached); err != nil {
		return nil, err
	}
	a := newAgent("chromium", can)
	a.tell = func(command []byte) error {
		expression := fmt.Sprintf("command(%s)", command)
		return b.tools.post(context.Background(), attached.Session, "Runtime.evaluate", map[string]any{"expression": expression})
	}
	b.tools.bind(attached.Session, a)
	return a, b.navigate(ctx, attached.Session, a, url)
}

// navigate loads the agent and waits until it says that it is ready.
func (b *browser) navigate(ctx context.Context, session string, a *agent, url string) error {
	ready := a.expect(0)
	for _, step := range []struct {
		method string
		params map[string]any
	}{
		{"Runtime.enable", nil},
		{"Runtime.addBinding", map[string]any{"name": "report"}},
		{"Page.navigate", map[string]any{"url": url}},
	} {
		if err := b.tools.call(ctx, session, step.method, step.params, nil); err != nil {
			return err
		}
	}
	_, err := a.await(ctx, ready)
	return err
}

// bind lets the agent in a page report.
func (d *devtools) bind(session string, a *agent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onBinding[session] = func(payload string) {
		a.report([]byte(payload)) // what isn't a report is missed by whoever waits for it
	}
}

// startChromium runs the agent in a page of Chromium.
func startChromium(t *testing.T) peer {
	b := startBrowser(t)
	h := httptest.NewServer(b)
	t.Cleanup(h.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := b.open(ctx, h.URL)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
