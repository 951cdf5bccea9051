// Command xnet is an echo server on golang.org/x/net/websocket. It doesn't check
// that text is UTF-8.
package main

import (
	"golang.org/x/net/websocket"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

// message is a message with its type.
type message struct {
	kind    byte
	payload []byte
}

var codec = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		m := v.(*message)
		return m.payload, m.kind, nil
	},
	Unmarshal: func(p []byte, kind byte, v any) error {
		*v.(*message) = message{kind, p}
		return nil
	},
}

func main() {
	peer.Main(func(o peer.Options) error {
		return o.ServeHTTP(websocket.Server{Handler: func(c *websocket.Conn) {
			c.MaxPayloadBytes = peer.MaxMessage
			var m message
			for codec.Receive(c, &m) == nil && codec.Send(c, &m) == nil {
			}
		}}.ServeHTTP)
	})
}
