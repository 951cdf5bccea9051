// Command rawgo sends every byte back, without WebSocket: what Go's package net
// costs, and the limit for a server of a goroutine per connection.
package main

import (
	"net"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	peer.Main(func(o peer.Options) error {
		return peer.Accept(o.Addr, func(nc net.Conn) {
			p := make([]byte, 64<<10)
			for {
				n, err := nc.Read(p)
				if n > 0 {
					if _, err := nc.Write(p[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		})
	})
}
