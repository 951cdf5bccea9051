package live_test

import (
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/live"
	"github.com/godwit-ws/godwit/conn"
)

// lasting is a token function: a token is how long it lasts, "ever", "bad" or "out".
func lasting(_ *app.Conn, token string) (time.Time, error) {
	switch token {
	case "ever":
		return time.Time{}, nil
	case "out":
		return time.Time{}, &app.CloseError{Code: 4002, Reason: "out"}
	}
	d, err := time.ParseDuration(token)
	return time.Now().Add(d), err
}

func TestToken(t *testing.T) {
	const bad = `{"id":1,"error":"unauthorized","detail":"the token isn't good"}`
	token := func(s string) string { return `{"do":"token","id":1,"token":"` + s + `"}` }
	tests := map[string]struct {
		talk func(p *peer)
		code conn.Code // 0: it goes on
		text string
		age  time.Duration // at the end
	}{
		"none":       {func(p *peer) {}, 4401, "no token came in time", 10 * time.Second},
		"pings-only": {func(p *peer) { p.do(`{"do":"ping"}`, `{"ok":true}`) }, 4401, "no token came in time", 10 * time.Second},
		"bad": {func(p *peer) { p.do(token("bad"), bad); p.do(token("-1s"), bad); p.do(token("0s"), bad) },
			4401, "no token came in time", 10 * time.Second},
		"first-refused": {func(p *peer) {
			p.do(`{"do":"subscribe","id":2,"topic":"x"}`, `{"id":2,"error":"unauthorized","detail":"send a token first"}`)
			p.do(token("ever"), `{"id":1,"ok":true}`)
			p.do(`{"do":"subscribe","id":2,"topic":"x"}`, `{"id":2,"ok":true}`)
		}, 0, "", 0},
		"closed-by-judge": {func(p *peer) { p.send(token("out")) }, 4002, "out", 0},
		"ends": {func(p *peer) {
			p.do(token("2m"), `{"id":1,"ok":true,"seconds":120}`, `{"event":"expiring","seconds":30}`)
		}, 4401, "token expired", 2 * time.Minute},
		"shorter-than-the-first-wait": {func(p *peer) {
			p.do(token("4s"), `{"id":1,"ok":true,"seconds":4}`, `{"event":"expiring","seconds":2}`)
		}, 4401, "token expired", 4 * time.Second},
		"renewed-twice": {func(p *peer) {
			for range 2 {
				p.do(token("2m"), `{"id":1,"ok":true,"seconds":120}`, `{"event":"expiring","seconds":30}`)
			}
			p.do(token("1m"), `{"id":1,"ok":true,"seconds":60}`, `{"event":"expiring","seconds":30}`)
		}, 4401, "token expired", 4 * time.Minute},
		"renewed-for-ever": {func(p *peer) {
			p.do(token("2m"), `{"id":1,"ok":true,"seconds":120}`, `{"event":"expiring","seconds":30}`)
			p.do(token("ever"), `{"id":1,"ok":true}`)
		}, 0, "", 0},
		"bad-after-good": {func(p *peer) {
			p.do(token("2m"), `{"id":1,"ok":true,"seconds":120}`)
			p.do(token("bad"), bad)
			p.do(`{"do":"subscribe","topic":"x"}`, `{"ok":true}`)
			p.want(`{"event":"expiring","seconds":30}`)
		}, 4401, "token expired", 2 * time.Minute},
		"shortened": {func(p *peer) {
			p.do(token("2m"), `{"id":1,"ok":true,"seconds":120}`)
			p.do(token("20s"), `{"id":1,"ok":true,"seconds":20}`, `{"event":"expiring","seconds":10}`)
		}, 4401, "token expired", 20 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, app.Config{}, live.New(live.Config{Token: lasting}), func(t *testing.T, w *world) {
				start := time.Now()
				p := w.connect()
				tt.talk(p)
				if tt.code != 0 {
					p.wantEnd(tt.code, tt.text)
					if age := time.Since(start); age != tt.age {
						t.Errorf("ended after %v, want %v", age, tt.age)
					}
					return
				}
				time.Sleep(time.Hour)
				p.do(`{"do":"ping"}`, `{"ok":true}`)
			})
		})
	}
}
