package console

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"strings"

	"github.com/godwit-ws/godwit/app/live"
)

//go:embed static
var static embed.FS

// scripts are the page's scripts, in the order in which they run, after godwit.js.
var scripts = [...]string{"text.js", "log.js", "client.js", "follow.js", "live.js"}

// page is the page as it is sent.
type page struct{ html, policy string }

// newPage puts the page together of its files. follow is the path of topics, or "".
func newPage(follow string) page {
	style := file("style.css")
	var script strings.Builder
	script.WriteString(godwit())
	for _, name := range scripts {
		script.WriteString(file(name))
	}
	return page{
		html: strings.NewReplacer(
			"/* style */", style,
			"/* texts */", file("texts.json"),
			"/* script */", script.String(),
			"{follow}", html.EscapeString(follow),
		).Replace(file("page.html")),
		// Connections may go anywhere: any URL can be tried. The icon is a data URL. No
		// text can be made markup, for browsers that know trusted types.
		policy: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
			"require-trusted-types-for 'script'; " +
			"connect-src 'self' ws: wss:; img-src data:; " +
			"style-src " + hash(style) + "; script-src " + hash(script.String()),
	}
}

// godwit returns package live's client as a script that stands in a page: the module's
// exports are what a function returns.
func godwit() string {
	return "const godwit = (() => {\n" + strings.ReplaceAll(live.Source(), "\nexport ", "\n") + "return { connect };\n})();\n"
}

// file returns a file of static. They are there since the program was built.
func file(name string) string {
	text, err := static.ReadFile("static/" + name)
	if err != nil {
		panic("console: " + err.Error())
	}
	return string(text)
}

// hash names a script or a style in a Content-Security-Policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// serve sends the page.
func (p *page) serve(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "no-referrer")
	io.WriteString(w, p.html) // an error means that nobody listens any more
}
