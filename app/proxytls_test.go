package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// led is a connection that sends something in front of the first bytes, in one packet
// with them.
type led struct {
	net.Conn
	lead []byte
}

func (l *led) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(slices.Concat(l.lead, p))
	n = max(0, n-len(l.lead))
	l.lead = nil
	return n, err
}

// A proxy may send its header and the client's first bytes at once: loops take such
// connections too, over TLS as well.
func TestProxyHeaderWithTLS(t *testing.T) {
	for name, inline := range map[string]bool{"inline": true, "pooled": false} {
		t.Run(name, func(t *testing.T) {
			log, text := logger(slog.LevelWarn)
			e, err := eventloop.New(eventloop.Config{Inline: inline, Loops: 1, Logger: log})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.Close)
			server, client := certified(t)
			cfg := app.Config{Engine: e, TLS: server, ProxyProtocol: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
			_, url := serve(t, cfg, at(t, "/", acts{text: func(c *app.Conn, text []byte) error {
				return c.SendText(c.ClientAddress().String() + " " + string(text))
			}}))
			c := dialWith(t, &conn.Dialer{TLS: client, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				return &led{nc, []byte("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")}, err
			}}, "wss"+strings.TrimPrefix(url, "ws"))
			for range 2 {
				c.send("hello")
				c.want("192.0.2.7:4711 hello")
			}
			if text.String() != "" {
				io.WriteString(t.Output(), text.String())
				t.Error("the engine gives it a goroutine")
			}
		})
	}
}
