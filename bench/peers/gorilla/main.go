// Command gorilla is an echo server on gorilla/websocket. Buffers are used again:
// a reader's for all messages of a connection, the writers' for all connections. A
// broadcast is a message prepared once. The library doesn't check that text is UTF-8.
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
		var all peer.Crowd[*websocket.Conn]
		return o.ServeHTTP(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				return // the client has been told
			}
			defer c.Close()
			answer := c.WriteMessage
			if o.Broadcast {
				all.Join(c)
				defer all.Leave(c)
				answer = func(kind int, p []byte) error { return broadcast(&all, kind, p) }
			}
			echo(c, answer)
		})
	})
}

// echo reads message after message and has each answered.
func echo(c *websocket.Conn, answer func(kind int, p []byte) error) {
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
		if answer(kind, message.Bytes()) != nil {
			return
		}
	}
}

func broadcast(all *peer.Crowd[*websocket.Conn], kind int, p []byte) error {
	m, err := websocket.NewPreparedMessage(kind, p)
	if err != nil {
		return err
	}
	all.Each(func(c *websocket.Conn) { c.WritePreparedMessage(m) }) // whose connection fails will find out
	return nil
}
