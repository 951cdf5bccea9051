package conformance_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
	"github.com/godwit-ws/godwit/conn/internal/conformance"
)

// loopModes are the two ways in which an event loop calls hooks.
var loopModes = []struct {
	name   string
	inline bool
}{{"inline", true}, {"pooled", false}}

// loopServer serves echoHooks on an event loop, over TLS if there is a configuration.
func loopServer(t *testing.T, z compression, inline bool, secured *tls.Config) net.Addr {
	noLeaks(t)
	e, err := eventloop.New(eventloop.Config{Inline: inline})
	if err != nil {
		t.Fatal(err)
	}
	u := &conn.Upgrader{Config: config(z)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secured != nil {
		l = eventloop.NewTLSListener(l, secured)
	}
	t.Cleanup(func() {
		l.Close()
		e.Close()
	})
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // the listener was closed
			}
			go func() {
				c, err := u.Accept(context.Background(), nc)
				if err != nil {
					return
				}
				if err := e.Attach(c, echoHooks{}); err != nil {
					c.Abort()
				}
			}()
		}
	}()
	return l.Addr()
}

// The two modes share the cases that repeat much.
func TestServerEventLoop(t *testing.T) {
	cases := conformance.Cases(options(deflated, conformance.Standard))
	long := slices.DeleteFunc(slices.Clone(cases), func(c conformance.Case) bool { return !repeats(c) })
	rest := slices.DeleteFunc(cases, repeats)
	for turn, mode := range loopModes {
		t.Run(mode.name, func(t *testing.T) {
			addr := loopServer(t, deflated, mode.inline, nil)
			conformance.ServerCases(t, slices.Concat(rest, share(long, turn)), conformance.TCP(addr.String()))
		})
	}
}

func TestServerEventLoopWithoutCompression(t *testing.T) {
	for _, mode := range loopModes {
		t.Run(mode.name, func(t *testing.T) {
			addr := loopServer(t, plain, mode.inline, nil)
			conformance.Server(t, options(plain, conformance.Brief), conformance.TCP(addr.String()))
		})
	}
}

// Over TLS the two modes share the cases.
func TestServerEventLoopTLS(t *testing.T) {
	s := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(s.Close)
	for turn, mode := range loopModes {
		t.Run(mode.name, func(t *testing.T) {
			addr := loopServer(t, deflated, mode.inline, s.TLS)
			dial := overTLS(s, addr.String())
			conformance.ServerCases(t, share(conformance.Cases(options(deflated, conformance.Brief)), turn), dial)
		})
	}
}
