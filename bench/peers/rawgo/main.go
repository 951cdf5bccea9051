// Command rawgo sends every byte back, without WebSocket: what Go's package net
// costs, and the limit for a server of a goroutine per connection.
//
// A broadcast is the limit for one: behind an opening handshake, the frame is made
// once and written to one connection after the other.
package main

import (
	"io"
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
		h, p, err := read(nc)
		if err != nil || h.OpCode == ws.OpClose {
			return
		}
		if h.OpCode == ws.OpPing {
			if ws.WriteFrame(nc, ws.NewPongFrame(p)) != nil {
				return
			}
			continue
		}
		out, err := ws.CompileFrame(ws.NewFrame(h.OpCode, true, p))
		if err != nil {
			return
		}
		all.Each(func(nc net.Conn) { nc.Write(out) }) // whose connection fails will find out
	}
}

// read reads a frame.
func read(nc net.Conn) (h ws.Header, p []byte, err error) {
	h, err = ws.ReadHeader(nc)
	if err != nil {
		return h, nil, err
	}
	if h.Length > peer.MaxMessage {
		return h, nil, ws.ErrHeaderLengthUnexpected
	}
	p = make([]byte, h.Length)
	_, err = io.ReadFull(nc, p)
	ws.Cipher(p, h.Mask, 0)
	return h, p, err
}
