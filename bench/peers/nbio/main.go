// Command nbio is an echo server on lesismal/nbio in its mixed mode, which its
// README recommends: a goroutine for each of the first connections, its poller for
// the rest. Payloads return to the library's pool, and answers are written by whoever
// reads; a broadcast is written to one connection after the other. TLS is the library's
// own fork of the standard one. Text is checked to be UTF-8.
package main

import (
	"net/http"

	"github.com/lesismal/llib/std/crypto/tls"
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
		if o.Broadcast {
			broadcast(up)
		}
		cfg := nbhttp.Config{
			Network:                 "tcp",
			Addrs:                   []string{o.Addr},
			IOMod:                   nbhttp.IOModMixed,
			ReleaseWebsocketPayload: true,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				up.Upgrade(w, r, nil) // the client is told of errors
			}),
		}
		if o.TLS {
			if err := secure(&cfg); err != nil {
				return err
			}
		}
		if err := nbhttp.NewEngine(cfg).Start(); err != nil {
			return err
		}
		select {}
	})
}

// broadcast sends each message to all connections.
func broadcast(up *websocket.Upgrader) {
	var all peer.Crowd[*websocket.Conn]
	up.OnOpen(all.Join)
	up.OnClose(func(c *websocket.Conn, _ error) { all.Leave(c) })
	up.OnMessage(func(_ *websocket.Conn, kind websocket.MessageType, p []byte) {
		all.Each(func(c *websocket.Conn) { c.WriteMessage(kind, p) }) // whose connection fails will find out
	})
}

// secure has the engine listen with TLS in place of without.
func secure(cfg *nbhttp.Config) error {
	cert, key, err := peer.Certificate()
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return err
	}
	cfg.Addrs, cfg.AddrsTLS = nil, cfg.Addrs
	cfg.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	return nil
}
