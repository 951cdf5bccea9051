package conn

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/godwit-ws/godwit/conn/internal/bufpool"
	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/handshake"
)

// maxInformational is how many answers of status 1xx may precede the one.
const maxInformational = 5

// request makes the opening request.
func (t *trip) request() *handshake.ClientRequest {
	var random [16]byte
	rand.Read(random[:]) // never fails: it would end the program instead
	req := &handshake.ClientRequest{
		Host:         hostOfURL(t.target),
		Target:       t.target.RequestURI(),
		Key:          handshake.NewKey(random),
		Subprotocols: t.d.Subprotocols,
		Fields:       t.fields(),
	}
	if z := t.d.cfg.Compression; z.Enabled {
		req.Deflate = []handshake.DeflateOffer{{
			ServerNoContextTakeover: z.Params.ServerNoContextTakeover,
			ClientNoContextTakeover: z.Params.ClientNoContextTakeover,
			ServerMaxWindowBits:     z.Params.ServerMaxWindowBits,
			ClientMaxWindowBits:     z.Params.ClientMaxWindowBits,
		}}
	}
	return req
}

// handshake does the opening handshake on nc: out is req, encoded.
func (t *trip) handshake(nc net.Conn, req *handshake.ClientRequest, out []byte) (setup, error) {
	if _, err := nc.Write(out); err != nil {
		return setup{}, err
	}
	buf := bufpool.Get(2 * defaultMaxHeaderSize)
	defer bufpool.Put(buf)
	resp, end, err := t.response(nc, buf)
	if err != nil {
		return setup{}, err
	}
	t.keepCookies(resp)
	accepted, err := req.Check(resp)
	if err != nil {
		return setup{}, t.refused(nc, resp, buf.B[end:], err)
	}
	return setup{
		role:     protocol.Client,
		hello:    hello{response: resp, subprotocol: accepted.Subprotocol, parent: t.values},
		deflate:  agreed(accepted),
		leftover: bytes.Clone(buf.B[end:]),
		sweep:    &t.d.sweep,
	}, nil
}

// response reads the answer, past informational ones (RFC 9110 §15.2).
func (t *trip) response(nc net.Conn, buf *bufpool.Buffer) (*handshake.Response, int, error) {
	resp := new(handshake.Response)
	for range maxInformational + 1 {
		end, err := readHeader(nc, buf, t.d.cfg.MaxHeaderSize)
		if err != nil {
			if isEOF(err) {
				err = fmt.Errorf("the server closed the connection before it had answered: %w", err)
			}
			return nil, 0, err
		}
		if err := resp.Parse(string(buf.B[:end])); err != nil {
			return nil, 0, err
		}
		if resp.Status >= 200 || resp.Status == http.StatusSwitchingProtocols {
			return resp, end, nil
		}
		buf.B = append(buf.B[:0], buf.B[end:]...)
	}
	return nil, 0, fmt.Errorf("%w: more than %d informational answers", handshake.ErrSyntax, maxInformational)
}

// refused makes the error of an answer other than 101: with the beginning of its
// body, which often says why. have is what has come of the body.
func (t *trip) refused(nc net.Conn, resp *handshake.Response, have []byte, err error) error {
	if resp.Status == http.StatusSwitchingProtocols {
		return err
	}
	nc.SetReadDeadline(time.Now().Add(lingerTime))
	return &DialError{
		URL:      t.target.Redacted(),
		Status:   resp.Status,
		Response: resp,
		Body:     readBody(nc, have, resp),
		Err:      err,
	}
}
