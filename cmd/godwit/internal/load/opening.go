package load

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/godwit-ws/godwit/conn/deflate"
	"github.com/godwit-ws/godwit/handshake"
)

// maxAnswer is the longest answer to the opening request, in bytes.
const maxAnswer = 64 << 10

// errDeclined says that the server took no compression.
var errDeclined = errors.New("the server declines permessage-deflate")

// errWindow says that our messages, which are compressed beforehand, refer back
// farther than the server wants.
var errWindow = errors.New("the server wants a smaller window than bench compresses with")

// shake does the opening handshake (RFC 6455 §4.1). What the server sent behind
// it goes to the receiver.
func (t *target) shake(l *link) error {
	var random [16]byte
	rand.Read(random[:]) // never fails: it would end the program instead
	req := handshake.ClientRequest{Host: t.host, Target: t.path, Key: handshake.NewKey(random)}
	if t.deflate {
		req.Deflate = []handshake.DeflateOffer{{ServerNoContextTakeover: t.fresh, ClientNoContextTakeover: t.fresh}}
	}
	out, err := req.Append(nil)
	if err != nil {
		return err
	}
	if _, err := l.nc.Write(out); err != nil {
		return err
	}
	block, rest, err := readAnswer(l.nc)
	if err != nil {
		return err
	}
	var resp handshake.Response
	if err := resp.Parse(string(block)); err != nil {
		return err
	}
	accepted, err := req.Check(&resp)
	switch {
	case err != nil:
		return err
	case t.deflate && !accepted.Compressed:
		return errDeclined
	case t.deflate && 1<<accepted.Deflate.ClientMaxWindowBits < t.window:
		return fmt.Errorf("%w: of %d bits", errWindow, accepted.Deflate.ClientMaxWindowBits)
	case t.deflate:
		l.recv.inflater = deflate.NewDecompressor(deflate.DecompressorConfig{
			WindowBits: accepted.Deflate.ServerMaxWindowBits,
			NoTakeover: accepted.Deflate.ServerNoContextTakeover,
		})
	}
	if n, err := l.recv.take(rest); err != nil || n > 0 {
		return fmt.Errorf("the server sent %d messages before it was sent one: %w", n, err)
	}
	return nil
}

// readAnswer reads the answer's head, and what follows it in the same reads.
func readAnswer(r io.Reader) (block, rest []byte, err error) {
	b, have := make([]byte, 1<<10), 0
	for {
		n, err := r.Read(b[have:])
		end, broken := handshake.HeaderEnd(b[:have+n], have, maxAnswer)
		have += n
		switch {
		case broken != nil:
			return nil, nil, broken
		case end > 0:
			return b[:end], b[end:have], nil
		case err == io.EOF:
			return nil, nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, nil, err
		case have == len(b):
			b = append(b, make([]byte, len(b))...)
		}
	}
}
