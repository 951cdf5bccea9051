// Command rawgo sends every byte back, without WebSocket: what Go's package net
// costs, and the limit for a server of a goroutine per connection.
//
// A broadcast is the limit for one: behind an opening handshake, the frame is made
// once and written to one connection after the other.
package main

import (
	"net"

	"github.com/gobwas/ws"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	peer.Main(func(o peer.Options) error {
		if !o.Broadcast {
			return o.Accept(echo)
		}
		var all peer.Crowd[net.Conn]
		return o.Accept(func(nc net.Conn) { broadcast(&all, nc) })
	})
}

func echo(nc net.Conn) {
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
}

// broadcast writes each message that comes to all.
func broadcast(all *peer.Crowd[net.Conn], nc net.Conn) {
	if _, err := ws.Upgrade(nc); err != nil {
		return
	}
	all.Join(nc)
	defer all.Leave(nc)
	for {
		f, err := ws.ReadFrame(nc)
		switch {
		case err != nil:
			return
		case f.Header.OpCode == ws.OpPing:
			if ws.WriteFrame(nc, ws.NewPongFrame(ws.UnmaskFrameInPlace(f).Payload)) != nil {
				return
			}
			continue
		case f.Header.OpCode.IsControl():
			return
		}
		out, err := ws.CompileFrame(ws.NewFrame(f.Header.OpCode, true, ws.UnmaskFrameInPlace(f).Payload))
		if err != nil {
			return
		}
		all.Each(func(nc net.Conn) { nc.Write(out) }) // whose connection fails will find out
	}
}
