package app_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// FuzzConnection sends anything to a server: whatever it is, no hook sees text that
// isn't UTF-8, OnClose comes as often as OnOpen, and nothing is left of it.
func FuzzConnection(f *testing.F) {
	request := opening("godwit", "/x/1")
	frames := []string{
		string(whole(conn.Text, "text")), string(part(conn.Binary, "in ")) + string(whole(0, "two")),
		string(whole(frame.Ping, "p")), string(closing(1000, "bye")), "\x83\x80\x00\x00\x00\x00",
	}
	f.Add(request + strings.Join(frames, ""))
	f.Add(request + frames[4])
	f.Add(strings.Replace(request, "/x/1", "/x/%ff", 1))
	f.Add("GET / HTTP/1.1\r\nHost: godwit\r\n\r\n")
	f.Add("garbage\r\n\r\n")
	f.Fuzz(func(t *testing.T, sent string) {
		synctest.Test(t, func(t *testing.T) {
			opened, closed := 0, 0
			s, m := serveMemory(t, app.Config{}, at(t, "/x/{int:n}", acts{
				open: func(*app.Conn) error { opened++; return nil },
				text: func(c *app.Conn, text []byte) error {
					if err := c.SendTextBytes(text); err == conn.ErrNotUTF8 {
						t.Errorf("delivered %q", text)
					}
					return nil
				},
				close: func(*app.Conn, *app.CloseError) { closed++ },
			}))
			nc, err := m.connect("192.0.2.7:7777")
			if err != nil {
				t.Fatal(err)
			}
			go io.Copy(io.Discard, nc)
			io.WriteString(nc, sent)
			nc.Close()
			synctest.Wait()
			if opened != closed || s.Stats().Conns != 0 {
				t.Errorf("opened %d, closed %d, %d connections are left", opened, closed, s.Stats().Conns)
			}
		})
	})
}
