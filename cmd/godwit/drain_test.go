package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// servedPair has s serve one end of a pair, and returns the other and what is closed
// when the server's end is over.
func servedPair(s *connSet) (client *conn.Conn, ended <-chan struct{}) {
	server, client := conn.Pipe(conn.Config{CloseTimeout: time.Hour}, conn.Config{})
	go s.serve(server, echoHooks{})
	synctest.Wait()
	return client, server.Context().Done()
}

func TestDrainNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		new(connSet).drain(time.Minute)
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

// TestDrain closes connections whose peers answer: that takes no time.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s connSet
		for range 10 {
			client, _ := servedPair(&s)
			ctx := client.DiscardReads()
			defer func() {
				<-ctx.Done()
				if got := context.Cause(ctx).Error(); got != goingDown {
					t.Errorf("a client saw %q", got)
				}
			}()
		}
		synctest.Wait()
		begin := time.Now()
		s.drain(time.Minute)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v", took)
		}
		if len(s.conns) != 0 {
			t.Errorf("%d connections are left", len(s.conns))
		}
	})
}

// TestDrainSilentPeer drops a connection whose peer doesn't answer, at the limit.
func TestDrainSilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s connSet
		client, ended := servedPair(&s) // it doesn't read
		defer client.Abort()
		synctest.Wait()
		begin := time.Now()
		s.drain(3 * time.Second)
		<-ended
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

// TestDrainLateComer adds a connection when the others are gone: it is closed like
// them.
func TestDrainLateComer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s connSet
		s.drain(time.Minute)
		client, ended := servedPair(&s)
		ctx := client.DiscardReads()
		<-ctx.Done()
		if got := context.Cause(ctx).Error(); got != goingDown {
			t.Errorf("the client saw %q", got)
		}
		<-ended
	})
}

// TestDrainForgets keeps nothing of connections that have ended.
func TestDrainForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s connSet
		for range 100 {
			client, ended := servedPair(&s)
			client.Abort()
			<-ended
		}
		synctest.Wait()
		if len(s.conns) != 0 {
			t.Errorf("%d connections are held", len(s.conns))
		}
	})
}
