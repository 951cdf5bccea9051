package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/godwit-ws/godwit/internal/chromium"
)

// browser is Chromium, without a window.
type browser struct {
	*chromium.Browser
	script []byte // the agent
}

// startBrowser runs Chromium for the time of t.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "chromium", "agent.js"))
	if err != nil {
		t.Fatal(err)
	}
	return &browser{chromium.Start(t), script}
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
	if err := b.Tools.Call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var attached struct {
		Session string `json:"sessionId"`
	}
	params := map[string]any{"targetId": target.ID, "flatten": true}
	if err := b.Tools.Call(ctx, "", "Target.attachToTarget", params, &attached); err != nil {
		return nil, err
	}
	a := newAgent("chromium", can)
	a.tell = func(command []byte) error {
		expression := fmt.Sprintf("command(%s)", command)
		return b.Tools.Post(context.Background(), attached.Session, "Runtime.evaluate", map[string]any{"expression": expression})
	}
	b.Tools.On(attached.Session, "Runtime.bindingCalled", func(params json.RawMessage) {
		var p struct {
			Payload string `json:"payload"`
		}
		json.Unmarshal(params, &p)  // a payload that isn't one is no report either,
		a.report([]byte(p.Payload)) // and is missed by whoever waits for it
	})
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
		if err := b.Tools.Call(ctx, session, step.method, step.params, nil); err != nil {
			return err
		}
	}
	_, err := a.await(ctx, ready)
	return err
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
