package chromium_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/internal/chromium"
)

const testPage = `<!doctype html><meta name="viewport" content="width=device-width"><title>t</title><link rel="icon" href="data:,">
<p id="hidden" hidden>unseen</p><p id="said"></p>
<form><input id="name" value="old"><select id="list"><option>one<option>two</select><button>go</button></form>
<script>
const said = document.getElementById("said");
document.forms[0].onsubmit = (e) => { e.preventDefault(); said.textContent += document.getElementById("name").value + "!"; };
document.getElementById("list").onchange = (e) => { said.textContent = e.target.value; };
</script>`

// TestPage does on a page what there is to do.
func TestPage(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(testPage))
	}))
	defer web.Close()
	p := chromium.Start(t).Open(t, web.URL)
	p.Fill("#name", "你好")
	p.Click("button")
	p.AwaitText("#said", "你好!")
	p.Fill("#name", "b")
	p.Press("Enter")
	p.AwaitText("#said", "你好!b!")
	p.Choose("#list", "two")
	p.AwaitText("#said", "two")
	if got := p.Text("#hidden") + p.Text("#nothing"); got != "" {
		t.Errorf("hidden text %q is seen", got)
	}
	p.Eval(`alert("a"), alert("b")`, nil)
	if got := p.Alerts(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("alerts %q", got)
	}
	p.View(390, 844, true, "dark")
	var got []any
	p.Eval(`Promise.resolve([innerWidth, matchMedia("(prefers-color-scheme: dark)").matches])`, &got)
	if !slices.Equal(got, []any{390.0, true}) {
		t.Errorf("the window is %v", got)
	}
	file := filepath.Join(t.TempDir(), "shot.png")
	p.Screenshot(file)
	if png, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("no picture: %v", err)
	}
	p.Expect("on purpose")
	p.Eval(`console.error("on purpose")`, nil)
}

// TestPageFaults has pages go wrong in ways that must be noticed.
func TestPageFaults(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:")
		w.Write([]byte(testPage))
	}))
	defer web.Close()
	p := chromium.Start(t).Open(t, web.URL)
	p.Eval(`setTimeout(() => { throw new Error("thrown") })`, nil)
	p.Eval(`console.error("said")`, nil)
	p.Eval(`console.log("no fault")`, nil)
	for _, want := range []string{"Content Security Policy", "thrown", "said"} {
		p.AwaitFault(want)
		p.Expect(want)
	}
}

// TestDevToolsGone calls a browser that isn't one, and goes.
func TestDevToolsGone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		c, err := conn.Accept(context.Background(), nc)
		if err != nil {
			return
		}
		c.Read(context.Background()) // the call
		c.WriteText(context.Background(), `{"method":"Some.event"}`)
		c.WriteText(context.Background(), `{"id":1,"error":{"message":"no such method"}}`)
		c.Read(context.Background())
		c.Close(context.Background(), conn.CodeGoingAway, "")
	}()
	tools, err := chromium.DialDevTools(t.Context(), "ws://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := tools.Call(t.Context(), "", "A.b", nil, nil); err == nil || !strings.Contains(err.Error(), "A.b: no such method") {
		t.Errorf("an answer with an error gives %v", err)
	}
	err = tools.Call(t.Context(), "", "A.c", nil, nil)
	if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != conn.CodeGoingAway {
		t.Errorf("a browser that goes gives %v", err)
	}
}
