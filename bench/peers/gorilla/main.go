// Command gorilla is an echo server on gorilla/websocket. Buffers are used again:
// a reader's for all messages of a connection, the writers' for all connections.
// The library doesn't check that text is UTF-8.
package main

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	peer.Main(func(o peer.Options) error {
		up := &websocket.Upgrader{
			WriteBufferPool:   new(sync.Pool),
			EnableCompression: o.Compress,
			CheckOrigin:       func(*http.Request) bool { return true },
		}
		return http.ListenAndServe(o.Addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				return // the client has been told
			}
			defer c.Close()
			echo(c)
		}))
	})
}

func echo(c *websocket.Conn) {
	var message bytes.Buffer
	for {
		kind, r, err := c.NextReader()
		if err != nil {
			return
		}
		message.Reset()
		if _, err := message.ReadFrom(r); err != nil {
			return
		}
		if c.WriteMessage(kind, message.Bytes()) != nil {
			return
		}
	}
}
