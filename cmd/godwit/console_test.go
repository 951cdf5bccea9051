package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/internal/chromium"
)

// seen is the console of a server, in a browser.
type seen struct {
	*chromium.Page
	server *server
	root   string // the URL of the server, for WebSockets
}

// openConsole runs serve and opens its console.
func openConsole(t *testing.T, b *chromium.Browser) *seen {
	t.Helper()
	s := start(t, "serve", "--addr", "127.0.0.1:0")
	p := &seen{b.Open(t, httpURL(s)+"/"), s, strings.TrimSuffix(s.url, "/echo")}
	p.View(1280, 900, false, "light")
	p.AwaitText("#pulse", "live")
	p.Eval(`window.rows = (kind) => Array.from(document.querySelectorAll("#log .row" + kind), (e) => e.innerText)`, nil)
	return p
}

// TestConsole uses the console of serve as some people do at once: a page that polls is
// waited for most of the time.
func TestConsole(t *testing.T) {
	t.Parallel()
	b := chromium.Start(t)
	var people sync.WaitGroup
	seats := make(chan struct{}, 4)
	for _, tt := range []struct {
		name string
		use  func(*testing.T, *seen)
	}{
		{"echo", consoleEcho},
		{"binary", consoleBinary},
		{"parameters", consoleParameters},
		{"refusals", consoleRefusals},
		{"closing", consoleClosing},
		{"watching", consoleWatching},
		{"languages", consoleLanguages},
		{"layouts", consoleLayouts},
		{"hostile-data", consoleHostileData},
		{"flood", consoleFlood},
		{"keyboard", consoleKeyboard},
		{"server-goes", consoleServerGoes},
		{"following", consoleFollowing},
	} {
		people.Go(func() {
			seats <- struct{}{}
			defer func() { <-seats }()
			t.Run(tt.name, func(t *testing.T) { tt.use(t, openConsole(t, b)) })
		})
	}
	people.Wait()
}

// connect connects the console to a route with the values it begins with.
func connect(p *seen, route string) {
	p.Choose("#route", route)
	p.Click("#open")
	p.AwaitText("#state", "connected")
	p.AwaitText("#log", "Connected to ")
}

// rows returns the texts of the log's rows that a selector behind .row finds.
func rows(p *seen, kind string) (texts []string) {
	p.Eval(`rows("`+kind+`")`, &texts)
	return texts
}

// wantRows waits for so many rows, and wants each to have its part.
func wantRows(t *testing.T, p *seen, kind string, parts ...string) {
	t.Helper()
	p.Await("rows "+kind, `rows("`+kind+`").length >= `+string(rune('0'+len(parts))))
	texts := rows(p, kind)
	for i, part := range parts {
		if i >= len(texts) || !strings.Contains(texts[i], part) {
			t.Errorf("rows %s are %q, want %q in %d", kind, texts, part, i)
		}
	}
}

func consoleEcho(t *testing.T, p *seen) {
	connect(p, "/echo")
	p.Fill("#message", "你好")
	p.Click("#submit")
	p.Fill("#message", "")
	p.Click("#submit") // an empty message is one too
	wantRows(t, p, ".out", "你好", "0 B")
	wantRows(t, p, ".in", "你好", "0 B")
	for _, row := range []string{rows(p, ".out")[0], rows(p, ".in")[0]} {
		if !strings.Contains(row, "6 B") || !strings.Contains(row, "text") {
			t.Errorf("row %q lacks size or type", row)
		}
		if clock := row[:len("15:04:05.000")]; clock[2] != ':' || clock[5] != ':' || clock[8] != '.' {
			t.Errorf("row %q doesn't begin with a time", row)
		}
	}
	p.AwaitText("#counts", "2 out, 2 in")
	p.Fill("#message", strings.Repeat("long ", 1000))
	p.Click("#submit")
	p.Await("the long payload is folded", `document.querySelectorAll(".row.in details:not([open])").length === 1`)
	p.Click(".row.in details summary")
	p.Await("it unfolds", `document.querySelector(".row.in details .rest").innerText.length === 5000`)
	p.Click("#clear")
	p.AwaitText("#log-empty", "appears here")
}

func consoleBinary(t *testing.T, p *seen) {
	connect(p, "/echo")
	p.Click("input[value=hex]")
	p.Fill("#message", "0x48 65,6c:6C 6f ff")
	p.Click("#submit")
	wantRows(t, p, ".in", "48 65 6c 6c 6f ff")
	if row := rows(p, ".in")[0]; !strings.Contains(row, "binary") || !strings.Contains(row, "6 B") || !strings.Contains(row, "Hello·") {
		t.Errorf("row %q", row)
	}
	p.Fill("#message", "4 8x")
	p.Click("#submit")
	p.AwaitText("#send-fault", "pairs of hexadecimal digits")

	p.Click("input[value=file]")
	p.Click("#submit")
	p.AwaitText("#send-fault", "Choose a file first.")
	p.Eval(`(() => {
		const files = new DataTransfer();
		files.items.add(new File([new Uint8Array(10000)], "zeros"));
		document.getElementById("file").files = files.files;
	})()`, nil)
	p.Click("#submit")
	p.Await("the file comes back", `rows(".in").length === 2`)
	if row := rows(p, ".in")[1]; !strings.Contains(row, "9.8 KiB") {
		t.Errorf("row %q", row)
	}
	p.Click(".row.in details summary")
	p.AwaitText(".row.in details .hint", "The first 4.0 KiB of 9.8 KiB are shown.")
}

func consoleParameters(t *testing.T, p *seen) {
	p.Choose("#route", "/chat/{room}")
	p.Fill("#params input[name=room]", "a b/ü")
	var url string
	p.Eval(`document.getElementById("url").value`, &url)
	if want := p.root + "/chat/a%20b%2F%C3%BC"; url != want {
		t.Errorf("the URL is %s, want %s", url, want)
	}
	p.Fill("#url", url+"?name=ann")
	if got := p.Text("#params"); got != "" {
		t.Errorf("a URL of one's own has the fields %q", got)
	}
	p.Click("#open")
	p.AwaitText("#log", `"members":["ann"]`)
	p.AwaitText("#topics", "chat/a b/ü")
	p.Fill("#message", `{"say":"hi"}`)
	p.Press("Enter")
	p.AwaitText("#log", `"type":"said"`)
}

func consoleRefusals(t *testing.T, p *seen) {
	p.Expect("WebSocket connection to")
	p.Fill("#url", p.root+"/nowhere")
	p.Click("#open")
	p.AwaitText("#log", "Refused with HTTP status 404: No route matches this path.")
	p.Fill("#url", "ws://127.0.0.1:1/echo")
	p.Click("#open")
	p.AwaitText("#log", "browsers don't say why")
	p.Fill("#url", "http://127.0.0.1/")
	p.Click("#open")
	p.AwaitText("#connect-fault", "has to begin with ws:// or wss://")
	p.Click("#connect summary")
	p.Fill("#url", p.root+"/echo")
	p.Fill("#protocols", "not a token")
	p.Click("#open")
	p.AwaitText("#connect-fault", "The browser refuses")
	p.AwaitText("#state", "not connected")
}

func consoleFollowing(t *testing.T, p *seen) {
	c := dialTest(t, new(conn.Dialer), p.root+"/live")
	publish := func(topic, text string) {
		t.Helper()
		exchange(t, c, conn.Text, []byte(`{"do":"publish","topic":"`+topic+`","text":"`+text+`"}`))
	}
	c.Read(t.Context()) // welcome
	p.Fill("#follow-topic", "news")
	p.Click("#follow-button")
	p.AwaitText("#follow-state", "Following news")
	p.AwaitText("#topics", "news")
	publish("news", "<b>first</b>")
	wantRows(t, p, ".in", "<b>first</b>")
	p.Click("#topics tbody tr")
	p.AwaitText("#follow-button", "Stop")
	p.Click("#follow-button")
	p.AwaitText("#follow-button", "Follow")
	publish("news", "unseen")
	p.AwaitText("#topics-empty", "There are no topics.")
	p.Fill("#follow-topic", strings.Repeat("x", 300))
	p.Click("#follow-button")
	p.AwaitText("#follow-state", "Not followed: bad_request: topic must be 1 to 255 bytes")
	if got := rows(p, ".in"); len(got) != 1 {
		t.Errorf("the log has %q", got)
	}
}

func consoleClosing(t *testing.T, p *seen) {
	connect(p, "/echo")
	p.Click("#open")
	p.AwaitText("#log", "1000 normal closure")
	p.AwaitText("#state", "not connected")

	connect(p, "/echo")
	p.Click("#connect summary")
	p.Fill("#close-code", "1001")
	p.Click("#open")
	p.AwaitText("#connect-fault", "1000, or 3000 to 4999")
	p.Fill("#close-code", "4001")
	p.Fill("#close-reason", "done here")
	p.Click("#open")
	p.AwaitText("#log", "4001 application's code")

	p.Fill("#url", p.root+"/chat/"+strings.Repeat("x", 300))
	p.Click("#open")
	p.AwaitText("#log", "1008 policy violation")
	p.AwaitText("#log", "the room's name is too long")
}

func consoleWatching(t *testing.T, p *seen) {
	p.AwaitText("#conns-empty", "Nobody is connected.")
	p.AwaitText("#topics-empty", "There are no topics.")
	c := dialTest(t, new(conn.Dialer), p.root+"/echo/hello")
	other := dialTest(t, new(conn.Dialer), p.root+"/time")
	c.Read(t.Context()) // the greeting
	exchange(t, c, conn.Text, []byte("12345"))
	p.AwaitText("#conns", c.LocalAddr().String())
	p.AwaitText("#conns", "/echo/{message}\n/echo/hello")
	p.AwaitText("#figure-conns", "2")
	p.Await("the topic with its member", `document.querySelector("#topics tbody")?.textContent === "time1"`)
	p.AwaitText("#total-accepted", "2")
	p.AwaitText("#total-in", "1 (5 B)")
	p.Await("a sparkline", `document.querySelector("#spark-messages .one").getAttribute("points").split(" ").length > 1`)
	p.Await("a rate", `past.messagesOut.some((n) => n > 0)`)
	other.Abort()
	p.AwaitText("#figure-conns", "1")
	p.Await("its row is gone", `document.querySelectorAll("#conns tbody tr").length === 1`)
}

func consoleLanguages(t *testing.T, p *seen) {
	connect(p, "/echo")
	p.Click("#open")
	p.AwaitText("#log", "1000 normal closure")
	p.Click("#language")
	for selector, text := range map[string]string{
		"h1": "控制台", "#open": "连接", "#state": "未连接", "#log": "1000 正常关闭", "#conns-empty": "目前没有连接。", "#pulse": "实时",
	} {
		p.AwaitText(selector, text)
	}
	var got []string
	p.Eval(`[document.documentElement.lang, document.title]`, &got)
	if strings.Join(got, "|") != "zh-CN|Godwit 控制台" {
		t.Errorf("language and title are %q", got)
	}
	p.Eval(`location.reload()`, nil)
	p.AwaitText("h1", "控制台") // it is remembered
	p.AwaitText("#language", "English")
	p.Click("#language")
	p.AwaitText("#try-title", "Try a route")
}

func consoleLayouts(t *testing.T, p *seen) {
	dialTest(t, new(conn.Dialer), p.root+"/chat/"+strings.Repeat("long-name-", 20))
	p.AwaitText("#topics", "long-name-")
	connect(p, "/echo")
	p.Fill("#message", strings.Repeat("0123456789", 20))
	p.Press("Enter")
	p.Click("input[value=hex]")
	p.Fill("#message", strings.Repeat("00", 64))
	p.Press("Enter")
	wantRows(t, p, ".in", "0123456789", "00 00")
	for _, width := range []int{320, 390, 768, 1280, 1920} {
		for _, colours := range []string{"light", "dark"} {
			p.View(width, 800, width < 600, colours)
			var got struct {
				Wide   int
				Ground string
			}
			p.Eval(`({Wide: document.documentElement.scrollWidth, Ground: getComputedStyle(document.body).backgroundColor})`, &got)
			if got.Wide > width {
				t.Errorf("at a width of %d the page is %d wide", width, got.Wide)
			}
			if want := map[string]string{"light": "rgb(244, 246, 247)", "dark": "rgb(17, 23, 28)"}[colours]; got.Ground != want {
				t.Errorf("in the %s the ground is %s, want %s", colours, got.Ground, want)
			}
		}
	}
	var small []string
	p.View(390, 800, true, "light")
	p.Eval(`Array.from(document.querySelectorAll("button, input:not([type=radio]), select, textarea"))
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 30).map((e) => e.id)`, &small)
	if len(small) > 0 {
		t.Errorf("too small for fingers: %q", small)
	}
}

func consoleHostileData(t *testing.T, p *seen) {
	const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	p.Fill("#url", p.root+"/echo/%3Cimg%20src=x%20onerror=%22document.title='owned'%22%3E")
	p.Click("#open")
	p.AwaitText("#log", `初始消息: <img src=x`)
	p.Fill("#message", evil)
	p.Press("Enter")
	wantRows(t, p, ".in", "<img", evil)
	p.AwaitText("#conns", "%3Cimg")
	dialTest(t, new(conn.Dialer), p.root+"/chat/%3Cb%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")
	p.AwaitText("#topics", "chat/<b><script>alert(1)</script>")
	var got []any
	p.Eval(`[document.title, document.querySelectorAll("main img, main script, main b").length]`, &got)
	if got[0] != "Godwit console" || got[1] != 0.0 || len(p.Alerts()) > 0 {
		t.Errorf("title and elements are %v, alerts %q", got, p.Alerts())
	}
}

func consoleFlood(t *testing.T, p *seen) {
	connect(p, "/echo")
	p.Eval(`for (let i = 0; i < 3000; i++) socket.send("message " + i)`, nil)
	p.AwaitText("#log", "message 2999")
	p.AwaitText("#counts", "3,000 in, the newest 500 shown")
	if n := len(rows(p, "")); n != 500 {
		t.Errorf("%d rows", n)
	}
	p.Await("the newest is in sight", `(() => { const b = document.getElementById("log-box"); return b.scrollTop + b.clientHeight > b.scrollHeight - 60; })()`)
}

// consoleKeyboard goes through the page without a mouse, and looks at what it tells
// those who can't see it.
func consoleKeyboard(t *testing.T, p *seen) {
	p.Choose("#route", "/echo")
	p.Eval(`document.getElementById("url").focus()`, nil)
	p.Press("Enter")
	p.AwaitText("#state", "connected")
	p.Await("the message has the focus", `document.activeElement.id === "message"`)
	p.Type("a\nb")
	p.Press("Enter")
	wantRows(t, p, ".in", "a\nb")
	var path []string
	p.Eval(`document.getElementById("language").focus()`, nil)
	for range 12 {
		p.Press("Tab")
		var id string
		p.Eval(`document.activeElement.id || document.activeElement.name || document.activeElement.tagName`, &id)
		path = append(path, id)
	}
	want := "route url SUMMARY open kind message submit clear log-box"
	if got := strings.Join(path, " "); !strings.HasPrefix(got, want) {
		t.Errorf("Tab goes to %s, want %s", got, want)
	}
	var nameless []string
	p.Eval(`Array.from(document.querySelectorAll("input, select, textarea, button"))
		.filter((e) => !(e.labels?.[0]?.textContent || e.textContent).trim()).map((e) => e.id || e.outerHTML)`, &nameless)
	if len(nameless) > 0 {
		t.Errorf("without a label: %q", nameless)
	}
	p.Await("a live region", `document.getElementById("log").getAttribute("aria-live") === "polite"`)
}

// consoleServerGoes leaves the console open while its server is gone.
func consoleServerGoes(t *testing.T, p *seen) {
	p.Expect("ERR_CONNECTION_REFUSED")
	p.Expect("WebSocket connection to")
	p.Expect("ERR_") // whatever a poll under way gets
	connect(p, "/echo")
	p.server.stop(t)
	p.AwaitText("#log", "1001 going away")
	p.AwaitText("#log", "“server shutting down”")
	p.AwaitText("#pulse", "no answer")
	p.Click("#open")
	p.AwaitText("#log", "doesn't answer at all")
}
