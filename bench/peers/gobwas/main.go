// Command gobwas is an echo server on gobwas/ws, on a bare listener with its
// zero-copy upgrade. The library leaves buffering to its user: here a reader and a
// writer of 4 KiB a connection, and answers leave when no more messages are in the
// reader. Text is checked to be UTF-8.
package main

import (
	"bufio"
	"bytes"
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func main() {
	peer.Main(func(o peer.Options) error {
		return o.Accept(func(nc net.Conn) {
			if _, err := ws.Upgrade(nc); err == nil {
				echo(nc)
			}
		})
	})
}

// buffered is a connection with its two buffers.
type buffered struct {
	in  *bufio.Reader
	out *bufio.Writer
}

func (b buffered) Read(p []byte) (int, error) { return b.in.Read(p) }

func (b buffered) Write(p []byte) (int, error) { return b.out.Write(p) }

func echo(nc net.Conn) {
	b := buffered{bufio.NewReader(nc), bufio.NewWriter(nc)}
	defer b.out.Flush()
	control := wsutil.ControlFrameHandler(b, ws.StateServerSide)
	r := wsutil.Reader{Source: b.in, State: ws.StateServerSide, CheckUTF8: true, OnIntermediate: control}
	var message bytes.Buffer
	for {
		h, err := r.NextFrame()
		if err != nil {
			return
		}
		if h.OpCode.IsControl() {
			if control(h, &r) != nil {
				return
			}
		} else if !answer(b, &r, h.OpCode, &message) {
			return
		}
		if b.in.Buffered() == 0 && b.out.Flush() != nil {
			return
		}
	}
}

func answer(b buffered, r *wsutil.Reader, op ws.OpCode, message *bytes.Buffer) (ok bool) {
	message.Reset()
	if _, err := message.ReadFrom(r); err != nil {
		return false
	}
	h := ws.Header{Fin: true, OpCode: op, Length: int64(message.Len())}
	if ws.WriteHeader(b.out, h) != nil {
		return false
	}
	_, err := b.out.Write(message.Bytes())
	return err == nil
}
