package torture_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/torture"
	"github.com/godwit-ws/godwit/conn"
)

// TestDialer puts package conn's client to the torture.
func TestDialer(t *testing.T) {
	watch := measure(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := hastyOpening()
	d := conn.Dialer{Config: c}
	d.Config.MaxHeaderSize = 0
	gone := make(chan struct{})
	go func() { // as any client would: it connects again whenever a connection is over
		defer close(gone)
		for {
			ws, err := d.Dial(context.Background(), "ws://"+l.Addr().String()+"/")
			if err == nil {
				ws.Run(echo{})
			} else if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
				return // all cases have been played
			}
		}
	}()
	o := torture.Options{MaxMessage: int(c.MaxMessageSize), MaxFragments: c.MaxFragments, HandshakeTimeout: c.HandshakeTimeout, Echo: true}
	cases := torture.ClientCases(o)
	sum, err := torture.Client(t.Context(), l, o, cases, func(r torture.Result) {
		if r.Verdict != torture.Pass {
			t.Errorf("%v %s, %s (%v):\n%v", r.Verdict, r.Case.Name, r.Case.Title, r.Took, r.Err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d cases: %v", len(cases), sum.Counts)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the client still connects")
	}
	watch.check(t)
}
