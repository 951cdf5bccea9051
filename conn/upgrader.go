package conn

import (
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
// and Handler, from a bare net.Conn with Accept; ReceiveHTTP and Receive let the
// caller look at a request before it is answered. The zero value is ready to use.
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
	cfg    limits
	policy handshake.Policy
	err    error // what is wrong with the fields above
	sweep  sweeper
}

// prepare makes of the fields what the methods use, once.
func (u *Upgrader) prepare() error {
	u.once.Do(func() {
		u.cfg.init(u.Config)
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
	params := a.Deflate // a itself stays off the heap
	return &params
}

// addrOf returns the IP address in addr, if there is one.
func addrOf(addr net.Addr) netip.Addr {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	case nil:
		return netip.Addr{}
	}
	return addrIn(addr.String())
}

// addrIn returns the IP address in text, if it is one with a port.
func addrIn(text string) netip.Addr {
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{} // no IP: a unix socket, a pipe
	}
	return at.Addr().Unmap()
}

// Limits returns the limits and timeouts in force: those of Config, with its zero
// fields filled in.
func (u *Upgrader) Limits() Config {
	u.prepare() // its error is that of other fields
	return u.cfg.Config
}

// Buffered returns how many bytes the connections hold now that count for
// Config.MaxBuffered.
func (u *Upgrader) Buffered() int64 { return u.cfg.budget.held.Load() }
