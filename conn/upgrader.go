package conn

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/handshake"
)

// Upgrader makes WebSocket connections of requests: from net/http with Upgrade
// and Handler, from a bare net.Conn with Accept. The zero value is ready to use.
// It must not be copied, nor changed once it is in use; any number of goroutines
// may use it at once.
type Upgrader struct {
	// Config sets the limits and timeouts of the connections.
	Config Config
	// Origins says which pages may connect. The zero value accepts those of the
	// same origin, and requests without one.
	Origins handshake.Origins
	// Subprotocols are the server's, in its order of preference: the first that
	// the client offers too is chosen (RFC 6455 §4.2.2).
	Subprotocols []string
	// SelectSubprotocol decides in place of Subprotocols if it is set. It gets the
	// client's offers and returns one of them, or "".
	SelectSubprotocol func(offered []string) string
	// Check, if set, looks at a request that is right by the protocol: at its
	// cookies, say. What it returns is added to the answer's header. An error
	// refuses the request: with a *handshake.Refusal's status or that of one of
	// package handshake's errors, else with 403.
	Check func(r *handshake.Request) ([]handshake.Field, error)
	// Logger is told of errors and panics of the functions given to Handler, and of
	// requests it couldn't serve by a mistake of ours; at level Debug, of those it
	// refused. Nil means slog.Default.
	Logger *slog.Logger

	once   sync.Once
	cfg    Config // with its defaults
	policy handshake.Policy
	err    error // what is wrong with the fields above
	sweep  sweeper
}

// prepare makes of the fields what the methods use, once.
func (u *Upgrader) prepare() error {
	u.once.Do(func() {
		u.cfg = u.Config.withDefaults()
		orDefault(&u.cfg.MaxHeaderSize, defaultMaxHeaderSize)
		u.policy = handshake.Policy{
			Origins:           u.Origins,
			Subprotocols:      u.Subprotocols,
			SelectSubprotocol: u.SelectSubprotocol,
		}
		if u.cfg.Compression.Enabled {
			u.policy.Deflate = &u.cfg.Compression.Params
		}
		if err := u.policy.Validate(); err != nil {
			u.err = &handshake.Refusal{Status: http.StatusInternalServerError, Err: fmt.Errorf("conn: Upgrader: %w", err)}
		}
	})
	return u.err
}

// judge checks a request and encodes the answer.
func (u *Upgrader) judge(r *handshake.Request, scheme handshake.Scheme, peer net.Addr, extra []handshake.Field) (handshake.Accepted, []byte, error) {
	accepted, err := u.policy.Check(r, scheme, addrOf(peer))
	if err != nil {
		return accepted, nil, err
	}
	if u.Check != nil {
		more, err := u.Check(r)
		if err != nil {
			return accepted, nil, refusal(err)
		}
		extra = append(extra, more...)
	}
	answer, err := handshake.AppendAccepted(nil, accepted, extra)
	return accepted, answer, err
}

// refusal makes an error of the user's Check one that has a status: 403 unless it
// brings its own.
func refusal(err error) error {
	if _, ok := errors.AsType[*handshake.Refusal](err); ok {
		return err
	}
	return &handshake.Refusal{Err: err}
}

// setup is what the Conn of an accepted request needs.
func (u *Upgrader) setup(a handshake.Accepted, h hello, leftover []byte) setup {
	h.subprotocol = a.Subprotocol
	return setup{
		role:     protocol.Server,
		hello:    h,
		deflate:  agreed(a),
		leftover: leftover,
		sweep:    &u.sweep,
	}
}

// agreed returns the agreed parameters of permessage-deflate, or nil.
func agreed(a handshake.Accepted) *handshake.Deflate {
	if !a.Compressed {
		return nil
	}
	return &a.Deflate
}

// addrOf returns the IP address in addr, if there is one.
func addrOf(addr net.Addr) netip.Addr {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	case nil:
		return netip.Addr{}
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Addr{} // no IP: a unix socket, a pipe
	}
	return at.Addr().Unmap()
}
