// Command nbio is an echo server on lesismal/nbio in its mixed mode, which its
// README recommends: a goroutine for each of the first connections, its poller for
// the rest. Payloads return to the library's pool, and answers are written by whoever
// reads. Text is checked to be UTF-8.
package main

import (
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	logging.SetLevel(logging.LevelError)
	peer.Main(func(o peer.Options) error {
		up := websocket.NewUpgrader()
		up.KeepaliveTime = 0
		up.MessageLengthLimit = peer.MaxMessage
		up.BlockingModAsyncWrite = false
		up.CheckOrigin = func(*http.Request) bool { return true }
		up.EnableCompression(o.Compress)
		up.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
			c.EnableWriteCompression(o.Compress)
			c.WriteMessage(kind, p)
		})
		engine := nbhttp.NewEngine(nbhttp.Config{
			Network:                 "tcp",
			Addrs:                   []string{o.Addr},
			IOMod:                   nbhttp.IOModMixed,
			ReleaseWebsocketPayload: true,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				up.Upgrade(w, r, nil) // the client is told of errors
			}),
		})
		if err := engine.Start(); err != nil {
			return err
		}
		select {}
	})
}
