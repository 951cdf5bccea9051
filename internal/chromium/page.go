package chromium

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is a page that a test looks at.
type Page struct {
	t       *testing.T
	tools   *DevTools
	session string

	mu       sync.Mutex // guards the fields below, which events fill
	alerts   []string
	faults   []string
	expected []string
}

// Open opens a page in a tab, and a context, of its own: with no cookies and nothing
// remembered. What goes wrong on it fails the test at its end.
func (b *Browser) Open(t *testing.T, url string) *Page {
	t.Helper()
	p := &Page{t: t, tools: b.Tools}
	var context struct {
		ID string `json:"browserContextId"`
	}
	p.browser("Target.createBrowserContext", nil, &context)
	var target struct {
		ID string `json:"targetId"`
	}
	p.browser("Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.ID}, &target)
	var attached struct {
		Session string `json:"sessionId"`
	}
	p.browser("Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached)
	p.session = attached.Session
	p.listen()
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		p.Call(domain+".enable", nil, nil)
	}
	t.Cleanup(func() {
		b.Tools.Post(ctx(), "", "Target.disposeBrowserContext", map[string]any{"browserContextId": context.ID})
		p.judge()
	})
	p.Go(url)
	return p
}

// ctx is for cleaning up, when the test's context has ended.
func ctx() context.Context { return context.Background() }

// browser calls what belongs to no page.
func (p *Page) browser(method string, params, result any) {
	p.t.Helper()
	p.call("", method, params, result)
}

// Call calls a method of the DevTools protocol for the page.
func (p *Page) Call(method string, params, result any) {
	p.t.Helper()
	p.call(p.session, method, params, result)
}

func (p *Page) call(session, method string, params, result any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if params == nil {
		params = map[string]any{}
	}
	if err := p.tools.Call(ctx, session, method, params, result); err != nil {
		p.t.Fatal(err)
	}
}

// Go loads another page in the tab and waits until it is complete.
func (p *Page) Go(url string) {
	p.t.Helper()
	var loaded struct {
		Error string `json:"errorText"`
	}
	p.Call("Page.navigate", map[string]any{"url": url}, &loaded)
	if loaded.Error != "" {
		p.t.Fatalf("%s: %s", url, loaded.Error)
	}
	p.Await("the page is complete", `document.readyState === "complete" && location.href !== "about:blank"`)
}

// Eval evaluates a JavaScript expression, awaits it if it is a promise, and decodes
// its value into result, unless that is nil.
func (p *Page) Eval(expression string, result any) {
	p.t.Helper()
	value, failed := p.eval(expression)
	if failed != "" {
		p.t.Fatalf("%s: %s", expression, failed)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(value, result); err != nil {
		p.t.Fatalf("%s: %s: %v", expression, value, err)
	}
}

// eval evaluates an expression, and returns what was thrown if something was.
func (p *Page) eval(expression string) (value json.RawMessage, failed string) {
	p.t.Helper()
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.Call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.Exception; e != nil {
		return nil, e.Text + " " + e.Exception.Description
	}
	return answer.Result.Value, ""
}

// Text returns what a person sees of the element that a CSS selector finds: "" if
// there is none, or if it isn't shown.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	var text string
	p.Eval(fmt.Sprintf(`(document.querySelector(%s)?.checkVisibility() ? document.querySelector(%[1]s).innerText : "")`, quote(selector)), &text)
	return text
}

// Await waits until a JavaScript expression is true. One that throws isn't yet: the
// page may be loading.
func (p *Page) Await(what, expression string) {
	p.t.Helper()
	p.await(what, func() bool {
		value, _ := p.eval(expression)
		return string(value) == "true"
	})
}

// await waits until is returns true.
func (p *Page) await(what string, is func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for tick := 5 * time.Millisecond; !is(); tick = min(2*tick, 100*time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not within %v: %s\nthe page shows:\n%s", patience, what, p.Text("body"))
		}
		<-time.After(tick)
	}
}

// AwaitText waits until the element that a CSS selector finds shows text, among other
// text.
func (p *Page) AwaitText(selector, text string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quote(selector), quote(text)))
}

// View sets the size of the window in CSS pixels, and whether it is a phone's, and the
// colours preferred: light or dark.
func (p *Page) View(width, height int, phone bool, colours string) {
	p.t.Helper()
	scale := 1
	if phone {
		scale = 2
	}
	p.Call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone,
	}, nil)
	p.Call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": colours}},
	}, nil)
}

// Screenshot writes a picture of the whole page, as PNG, to a file.
func (p *Page) Screenshot(file string) {
	p.t.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	p.Call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// quote writes a string as JavaScript.
func quote(s string) string {
	text, _ := json.Marshal(s) // a string always can be
	return strings.ReplaceAll(string(text), "\u2028", `\u2028`)
}
