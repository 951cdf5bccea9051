// Command gws is an echo server on lxzan/gws, as its echo example has it. A broadcast
// goes through its Broadcaster. Text is checked to be UTF-8.
package main

import (
	"net/http"

	"github.com/lxzan/gws"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

// handler echoes.
type handler struct{ gws.BuiltinEventHandler }

func (handler) OnPing(c *gws.Conn, payload []byte) { c.WritePong(payload) }

func (handler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

// broadcaster sends each message to all.
type broadcaster struct {
	handler
	all *peer.Crowd[*gws.Conn]
}

func (b broadcaster) OnOpen(c *gws.Conn) { b.all.Join(c) }

func (b broadcaster) OnClose(c *gws.Conn, _ error) { b.all.Leave(c) }

func (b broadcaster) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	out := gws.NewBroadcaster(m.Opcode, m.Bytes())
	defer out.Close()
	b.all.Each(func(c *gws.Conn) { out.Broadcast(c) }) // whose connection fails will find out
}

func main() {
	peer.Main(func(o peer.Options) error {
		var events gws.Event = handler{}
		if o.Broadcast {
			events = broadcaster{all: new(peer.Crowd[*gws.Conn])}
		}
		up := gws.NewUpgrader(events, &gws.ServerOption{
			CheckUtf8Enabled:    true,
			ReadMaxPayloadSize:  peer.MaxMessage,
			WriteMaxPayloadSize: peer.MaxMessage,
			PermessageDeflate: gws.PermessageDeflate{
				Enabled:               o.Compress,
				ServerContextTakeover: true,
				ClientContextTakeover: true,
			},
		})
		return o.ServeHTTP(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r)
			if err != nil {
				return // the client has been told
			}
			go c.ReadLoop() // so that net/http's buffers are freed
		})
	})
}
