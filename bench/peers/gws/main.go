// Command gws is an echo server on lxzan/gws, as its echo example has it. Text is
// checked to be UTF-8.
package main

import (
	"net/http"

	"github.com/lxzan/gws"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

type handler struct{ gws.BuiltinEventHandler }

func (handler) OnPing(c *gws.Conn, payload []byte) { c.WritePong(payload) }

func (handler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

func main() {
	peer.Main(func(o peer.Options) error {
		up := gws.NewUpgrader(handler{}, &gws.ServerOption{
			CheckUtf8Enabled:    true,
			ReadMaxPayloadSize:  peer.MaxMessage,
			WriteMaxPayloadSize: peer.MaxMessage,
			PermessageDeflate: gws.PermessageDeflate{
				Enabled:               o.Compress,
				ServerContextTakeover: true,
				ClientContextTakeover: true,
			},
		})
		return http.ListenAndServe(o.Addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r)
			if err != nil {
				return // the client has been told
			}
			go c.ReadLoop() // so that net/http's buffers are freed
		}))
	})
}
