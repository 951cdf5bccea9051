// Command coder is an echo server on coder/websocket. A connection's messages are
// read into one buffer. The library doesn't check that text is UTF-8.
package main

import (
	"bytes"
	"context"
	"net/http"

	"github.com/coder/websocket"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	peer.Main(func(o peer.Options) error {
		options := &websocket.AcceptOptions{InsecureSkipVerify: true}
		if o.Compress {
			options.CompressionMode = websocket.CompressionContextTakeover
		}
		return o.ServeHTTP(func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, options)
			if err != nil {
				return // the client has been told
			}
			defer c.CloseNow()
			echo(c)
		})
	})
}

func echo(c *websocket.Conn) {
	c.SetReadLimit(peer.MaxMessage)
	ctx := context.Background()
	var message bytes.Buffer
	for {
		kind, r, err := c.Reader(ctx)
		if err != nil {
			return
		}
		message.Reset()
		if _, err := message.ReadFrom(r); err != nil {
			return
		}
		if c.Write(ctx, kind, message.Bytes()) != nil {
			return
		}
	}
}
