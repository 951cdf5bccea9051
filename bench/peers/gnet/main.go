// Command gnet is an echo server on panjf2000/gnet, an event loop per core, with
// the frames of gobwas/ws: each is answered by one like it from the loop's own
// buffer, and short answers to one read leave in one write. Text that comes in one
// frame is checked to be UTF-8.
package main

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

// shortAnswer is the longest payload that is copied behind other answers, in bytes.
const shortAnswer = 8 << 10

// client is the state of a connection.
type client struct {
	upgraded bool
	header   ws.Header
	inFrame  bool         // header is that of a frame whose payload isn't there yet
	out      bytes.Buffer // short answers to one read
	in       bytes.Reader // over a header
}

type server struct{ gnet.BuiltinEventEngine }

func main() {
	peer.Main(func(o peer.Options) error {
		return gnet.Run(new(server), "tcp://"+o.Addr, gnet.WithMulticore(true), gnet.WithLogLevel(logging.ErrorLevel))
	})
}

func (*server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	c.SetContext(new(client))
	return nil, gnet.None
}

func (*server) OnTraffic(c gnet.Conn) gnet.Action {
	cl := c.Context().(*client)
	if !cl.upgraded {
		if done, err := cl.upgrade(c); err != nil {
			return gnet.Close
		} else if !done {
			return gnet.None
		}
	}
	err := cl.answer(c)
	if cl.out.Len() > 0 {
		if _, err := c.Write(cl.out.Bytes()); err != nil {
			return gnet.Close
		}
		cl.out.Reset()
	}
	if err != nil {
		return gnet.Close
	}
	return gnet.None
}

// upgrade answers the opening request once it is there whole.
func (cl *client) upgrade(c gnet.Conn) (done bool, err error) {
	p, err := c.Peek(-1)
	if err != nil {
		return false, err
	}
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if end < 0 {
		return false, nil
	}
	end += 4
	if _, err := ws.Upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(p[:end]), c}); err != nil {
		return false, err
	}
	cl.upgraded = true
	_, err = c.Discard(end)
	return true, err
}

// errClosed says that the client has sent Close.
var errClosed = errors.New("closed")

// answer answers all whole frames that have come.
func (cl *client) answer(c gnet.Conn) error {
	for {
		if ok, err := cl.next(c); !ok || err != nil {
			return err
		}
		if int64(c.InboundBuffered()) < cl.header.Length {
			return nil
		}
		cl.inFrame = false
		var p []byte
		if cl.header.Length > 0 {
			var err error
			if p, err = c.Next(int(cl.header.Length)); err != nil {
				return err
			}
		}
		ws.Cipher(p, cl.header.Mask, 0)
		if err := cl.reply(c, p); err != nil {
			return err
		}
	}
}

// next reads a frame's header, unless that has been done.
func (cl *client) next(c gnet.Conn) (ok bool, err error) {
	if cl.inFrame {
		return true, nil
	}
	n := min(c.InboundBuffered(), ws.MaxHeaderSize)
	if n == 0 {
		return false, nil
	}
	p, err := c.Peek(n)
	if err != nil {
		return false, err
	}
	cl.in.Reset(p)
	cl.header, err = ws.ReadHeader(&cl.in)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return false, nil
	case err != nil:
		return false, err
	case cl.header.Length > peer.MaxMessage:
		return false, ws.ErrHeaderLengthUnexpected
	}
	cl.inFrame = true
	_, err = c.Discard(n - cl.in.Len())
	return true, err
}

// reply sends a frame's payload back, in a frame like it.
func (cl *client) reply(c gnet.Conn, p []byte) error {
	h := cl.header
	h.Masked, h.Mask = false, [4]byte{}
	switch h.OpCode {
	case ws.OpText:
		if h.Fin && !utf8.Valid(p) {
			return ws.ErrProtocolInvalidUTF8
		}
	case ws.OpPing:
		h.OpCode = ws.OpPong
	case ws.OpPong:
		return nil
	}
	if err := ws.WriteHeader(&cl.out, h); err != nil {
		return err
	}
	if len(p) <= shortAnswer {
		cl.out.Write(p)
	} else {
		_, err := c.Writev([][]byte{cl.out.Bytes(), p})
		cl.out.Reset()
		if err != nil {
			return err
		}
	}
	if h.OpCode == ws.OpClose {
		return errClosed
	}
	return nil
}
