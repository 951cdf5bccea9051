package torture

import (
	"net/http"
	"strings"
	"time"
)

// headers goes past the limits of the opening request's header.
func headers(o Options) []Case {
	if o.MaxHeader <= 0 {
		return nil
	}
	over := o.MaxHeader + 1
	var all []Case
	for name, fields := range map[string][]string{
		"one-long-field":  {"X-Long: " + strings.Repeat("x", over)},
		"many-fields":     repeat("X: y", over/6+1),
		"one-long-name":   {strings.Repeat("x", over) + ": y"},
		"long-protocol":   {"Sec-WebSocket-Protocol: " + strings.Repeat("a, ", over/3) + "a"},
		"long-extensions": {"Sec-WebSocket-Extensions: " + strings.Repeat("a; ", over/3) + "a"},
		"spaces":          {"Sec-WebSocket-Protocol: a" + strings.Repeat(" ", over) + "b"},
		"quotes":          {`Sec-WebSocket-Extensions: a; b="` + strings.Repeat(`\`, over)},
		"cookies":         repeat("Cookie: a=b", over/13+1),
		"cookie-long":     {"Cookie: " + strings.Repeat("a=b; ", over/5+1)},
	} {
		all = append(all, Case{
			Name: "header/" + name, Title: "a header past its limit, " + name + ": refused",
			play: func(p *peer) {
				p.ask(request{fields: fields})
				p.wantStatus(http.StatusRequestHeaderFieldsTooLarge, http.StatusBadRequest)
			},
		})
	}
	path := "/" + strings.Repeat("p", over)
	return append(all, Case{
		Name: "header/long-path", Title: "a path past the header's limit: refused",
		play: func(p *peer) {
			p.ask(request{path: path})
			p.wantStatus(http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestURITooLong, http.StatusBadRequest, http.StatusNotFound)
		},
	}, Case{
		Name: "header/endless", Title: "a header without an end: refused or closed before 16 MiB of it",
		play: func(p *peer) {
			p.write([]byte("GET / HTTP/1.1\r\nHost: x\r\n"))
			piece := []byte(strings.Repeat("X-More: "+strings.Repeat("y", 1000)+"\r\n", 64))
			for sent := 0; sent < 16<<20; sent += len(piece) {
				if p.write(piece) {
					return
				}
			}
			p.wantGone(time.Second)
		},
	})
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}
