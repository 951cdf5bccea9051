package app_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

const refusalText = `{"对方IP":"127.0.0.1","对方端口":1,"处理类型":"错误","次一级数据类型":"接收失败","数据内容":"不要","时间":"2026-01-02T03:04:05"}`

// answering is a server that answers each message as reply says, and counts its
// connections.
func answering(t *testing.T, reply func(content any) string) (port int, conns *atomic.Int64) {
	conns = new(atomic.Int64)
	return peerNode(t, func(c *conn.Conn) error {
		conns.Add(1)
		for {
			_, text, err := c.Read(context.Background())
			if err != nil {
				return err
			}
			if err := c.WriteText(context.Background(), reply(members(t, text)["数据内容"])); err != nil {
				return err
			}
		}
	}), conns
}

func TestNodeSendsShareOneConnection(t *testing.T) {
	port, conns := answering(t, func(content any) string {
		if content == "refuse" {
			return refusalText
		}
		return ackText
	})
	n := sender(t, app.NodeConfig{})
	var work sync.WaitGroup
	for i := range 200 {
		work.Go(func() {
			content := "take"
			if i%3 == 0 {
				content = "refuse"
			}
			err := n.Send(t.Context(), "127.0.0.1", port, "a", "b", content)
			refusal, refused := errors.AsType[*app.NodeRefusal](err)
			switch {
			case content == "take" && err != nil:
				t.Errorf("taken, but: %v", err)
			case content == "refuse" && (!refused || refusal.Reason != "不要" || errors.Is(err, app.ErrNodeNotSent)):
				t.Errorf("refused, but: %v", err)
			}
		})
	}
	work.Wait()
	if conns.Load() != 1 {
		t.Errorf("%d connections", conns.Load())
	}
}

// nodeInBubble returns a node, inside a bubble, whose every target is handle, in memory.
// The function that it returns waits for the end of it all.
func nodeInBubble(t *testing.T, cfg app.NodeConfig, handle func(number int, c *conn.Conn) error) (*app.Node, func()) {
	n := app.NewNode(cfg)
	var up conn.Upgrader
	var peers sync.WaitGroup
	var conns atomic.Int64
	n.SetDial(func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		peers.Go(func() {
			c, err := up.Accept(context.Background(), theirs)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Abort()
			handle(int(conns.Add(1)), c) // how it ended is up to the test
		})
		return ours, nil
	})
	return n, func() {
		if err := n.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		peers.Wait()
	}
}

// A message that isn't acknowledged in time takes those behind it along, and the
// next one gets a new connection.
func TestNodeAckTimeoutClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan error, 1)
		n, stop := nodeInBubble(t, app.NodeConfig{}, func(number int, c *conn.Conn) error {
			if number == 1 {
				err := mute(c)
				closed <- err
				return err
			}
			c.Read(context.Background())
			c.WriteText(context.Background(), ackText)
			return mute(c)
		})
		defer stop()
		first := make(chan error, 1)
		start := time.Now()
		go func() { first <- n.Send(context.Background(), "peer", 1, "a", "b", "first") }()
		time.Sleep(6 * time.Second)
		second := n.Send(t.Context(), "peer", 1, "a", "b", "second")
		if !errors.Is(second, app.ErrNodeUnacknowledged) || !strings.Contains(second.Error(), "earlier message") {
			t.Errorf("the second: %v", second)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("they ended after %v", took)
		}
		if err := <-first; !errors.Is(err, app.ErrNodeUnacknowledged) || errors.Is(err, app.ErrNodeNotSent) {
			t.Errorf("the first: %v", err)
		}
		if e, ok := errors.AsType[*conn.CloseError](<-closed); !ok || e.Code != conn.CodePolicyViolation {
			t.Errorf("the connection ended with %v", e)
		}
		if err := n.Send(t.Context(), "peer", 1, "a", "b", "third"); err != nil {
			t.Errorf("the third: %v", err)
		}
	})
}

// Who gives up leaves the connection to the others, and replies still match.
func TestNodeGivingUpKeepsTheOrder(t *testing.T) {
	answer := make(chan struct{})
	port := peerNode(t, func(c *conn.Conn) error {
		c.Read(context.Background())
		c.Read(context.Background())
		<-answer
		c.WriteText(context.Background(), ackText)
		c.WriteText(context.Background(), refusalText)
		return mute(c)
	})
	n := sender(t, app.NodeConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := n.Send(ctx, "127.0.0.1", port, "a", "b", "first")
	if !errors.Is(err, app.ErrNodeUnacknowledged) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the first: %v", err)
	}
	second := make(chan error, 1)
	go func() { second <- n.Send(context.Background(), "127.0.0.1", port, "a", "b", "second") }()
	close(answer)
	if _, refused := errors.AsType[*app.NodeRefusal](<-second); !refused {
		t.Errorf("the second got the first's reply")
	}
}

// What a peer that reads nothing keeps from being written was not sent.
func TestNodeSendBehindABlockedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, stop := nodeInBubble(t, app.NodeConfig{}, func(_ int, c *conn.Conn) error {
			time.Sleep(5 * time.Second)
			return nil
		})
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var notSent, unacknowledged atomic.Int64
		var work sync.WaitGroup
		big := strings.Repeat("x", 100<<10)
		for range 20 {
			work.Go(func() {
				switch err := n.Send(ctx, "peer", 1, "a", "b", big); {
				case errors.Is(err, app.ErrNodeNotSent):
					notSent.Add(1)
				case errors.Is(err, app.ErrNodeUnacknowledged):
					unacknowledged.Add(1)
				default:
					t.Errorf("a send to a peer that doesn't read: %v", err)
				}
			})
		}
		work.Wait()
		if notSent.Load() != 19 || unacknowledged.Load() != 1 {
			t.Errorf("%d not sent, %d unacknowledged; want 19 and 1", notSent.Load(), unacknowledged.Load())
		}
	})
}

func TestNodeSendToAPeerThatGoes(t *testing.T) {
	port := peerNode(t, func(c *conn.Conn) error {
		c.Read(context.Background())
		return c.Close(context.Background(), conn.CodeMessageTooBig, "too big")
	})
	n := sender(t, app.NodeConfig{})
	err := n.Send(t.Context(), "127.0.0.1", port, "a", "b", "c")
	if e, ok := errors.AsType[*conn.CloseError](err); !ok || e.Code != conn.CodeMessageTooBig || !errors.Is(err, app.ErrNodeUnacknowledged) {
		t.Errorf("Send = %v", err)
	}
}

// A connection that ends while it is unused costs no message.
func TestNodeReconnects(t *testing.T) {
	var conns atomic.Int64
	gone := make(chan struct{}, 10)
	port := peerNode(t, func(c *conn.Conn) error {
		conns.Add(1)
		c.Read(context.Background())
		c.WriteText(context.Background(), ackText)
		err := c.Close(context.Background(), conn.CodeNormal, "")
		gone <- struct{}{}
		return err
	})
	n := sender(t, app.NodeConfig{})
	for i := range 5 {
		if err := n.Send(t.Context(), "127.0.0.1", port, "a", "b", "c"); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		<-gone
	}
	if conns.Load() != 5 {
		t.Errorf("%d connections", conns.Load())
	}
}

// A target that comes up is reached by the next message, whatever failed before.
func TestNodeTargetThatComesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, stop := nodeInBubble(t, app.NodeConfig{}, func(_ int, c *conn.Conn) error {
			c.Read(context.Background())
			c.WriteText(context.Background(), ackText)
			return mute(c)
		})
		defer stop()
		there := n.Dial()
		n.SetDial(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody") })
		for range 20 {
			if err := n.Send(t.Context(), "peer", 1, "a", "b", "c"); !errors.Is(err, app.ErrNodeNotSent) {
				t.Errorf("to nobody: %v", err)
			}
		}
		n.SetDial(there)
		start := time.Now()
		if err := n.Send(t.Context(), "peer", 1, "a", "b", "c"); err != nil || time.Since(start) > time.Second {
			t.Errorf("to somebody: %v, after %v", err, time.Since(start))
		}
	})
}

func TestNodeIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		n, stop := nodeInBubble(t, app.NodeConfig{}, func(_ int, c *conn.Conn) error {
			for {
				if _, _, err := c.Read(context.Background()); err != nil {
					ended <- err
					return err
				}
				c.WriteText(context.Background(), ackText)
			}
		})
		defer stop()
		for range 3 {
			for range 10 { // used now and then, it stays
				if err := n.Send(t.Context(), "peer", 1, "a", "b", "c"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Second)
			}
			if len(ended) > 0 {
				t.Errorf("ended with %v", <-ended)
			}
			start := time.Now()
			if e, ok := errors.AsType[*conn.CloseError](<-ended); !ok || e.Code != conn.CodeNormal || time.Since(start) != 10*time.Second {
				t.Errorf("ended with %v, after %v more", e, time.Since(start))
			}
		}
	})
}

// A target that isn't there is tried again ever less often, but at least once a
// second.
func TestNodeBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := app.NewNode(app.NodeConfig{})
		n.SetDial(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody") })
		want := []time.Duration{0, 50, 100, 200, 400, 800, 1000, 1000}
		for i, wait := range want {
			start := time.Now()
			if err := n.Send(t.Context(), "peer", 1, "a", "b", "c"); !errors.Is(err, app.ErrNodeNotSent) || !strings.Contains(err.Error(), "nobody") {
				t.Errorf("attempt %d: %v", i, err)
			}
			if took := time.Since(start); took != wait*time.Millisecond {
				t.Errorf("attempt %d took %v, want %v", i, took, wait*time.Millisecond)
			}
		}
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNodeMaxTargets(t *testing.T) {
	n := sender(t, app.NodeConfig{MaxTargets: 2})
	ended := make(chan error, 1)
	first := peerNode(t, func(c *conn.Conn) error {
		c.Read(context.Background())
		c.WriteText(context.Background(), ackText)
		err := mute(c)
		ended <- err
		return err
	})
	reached := make(chan struct{}, 2)
	taken := func(c *conn.Conn) error {
		c.Read(context.Background())
		reached <- struct{}{}
		return mute(c)
	}
	silent := []int{peerNode(t, taken), peerNode(t, taken)}
	if err := n.Send(t.Context(), "127.0.0.1", first, "a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var work sync.WaitGroup
	for _, port := range silent {
		work.Go(func() { n.Send(ctx, "127.0.0.1", port, "a", "b", "c") })
	}
	if e, ok := errors.AsType[*conn.CloseError](<-ended); !ok || e.Code != conn.CodeNormal {
		t.Errorf("the unused target's connection ended with %v", e)
	}
	for range silent { // now both targets are in use
		<-reached
	}
	if err := n.Send(t.Context(), "127.0.0.1", first, "a", "b", "c"); !errors.Is(err, app.ErrNodeNotSent) || !strings.Contains(err.Error(), "MaxTargets") {
		t.Errorf("a third target: %v, want ErrNodeNotSent for MaxTargets", err)
	}
	cancel()
	work.Wait()
	if port := startNode(t, app.NewNode(app.NodeConfig{})); n.Send(t.Context(), "127.0.0.1", port, "a", "b", "c") != nil {
		t.Error("no target was forgotten")
	}
}

func TestNodeSendRefusesAtOnce(t *testing.T) {
	n := sender(t, app.NodeConfig{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name, handleType, subType string
		ctx                       context.Context
		content                   any
		want                      string
	}{
		{"type-not-utf8", "\xff", "b", t.Context(), "c", "type of message is not UTF-8"},
		{"sub-type-not-utf8", "a", "\xff", t.Context(), "c", "type of message is not UTF-8"},
		{"content-not-utf8", "a", "b", t.Context(), "\xff", "content is not UTF-8"},
		{"content-no-json", "a", "b", t.Context(), make(chan int), "unsupported type"},
		{"context", "a", "b", ended, "c", "context canceled"},
	} {
		err := n.Send(tt.ctx, "127.0.0.1", 1, tt.handleType, tt.subType, tt.content)
		if !errors.Is(err, app.ErrNodeNotSent) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// Stop ends sends in progress, and the node can be used again.
func TestNodeStopEndsSends(t *testing.T) {
	silent := peerNode(t, mute)
	n := sender(t, app.NodeConfig{AckTimeout: -1})
	results := make(chan error, 2)
	go func() { results <- n.Send(context.Background(), "127.0.0.1", silent, "a", "b", "c") }()
	// An address that never answers: a listener whose queue nobody accepts from.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		results <- n.Send(context.Background(), "127.0.0.1", l.Addr().(*net.TCPAddr).Port, "a", "b", "c")
	}()
	time.Sleep(50 * time.Millisecond) // both are likely on their way; if not, the errors are the same
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for range 2 {
		err := <-results
		if !errors.Is(err, app.ErrNodeUnacknowledged) && !errors.Is(err, app.ErrNodeNotSent) || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("a send ended with %v", err)
		}
	}
	if err := n.Send(t.Context(), "127.0.0.1", startNode(t, app.NewNode(app.NodeConfig{})), "a", "b", "c"); err != nil {
		t.Errorf("after Stop: %v", err)
	}
}

// Stop ends sends whose message still waits for the connection, too: they don't go on by
// another one.
func TestNodeStopEndsSendsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var conns atomic.Int64
		n, stop := nodeInBubble(t, app.NodeConfig{AckTimeout: -1}, func(int, *conn.Conn) error {
			conns.Add(1)
			time.Sleep(time.Minute) // nothing is read
			return nil
		})
		var work sync.WaitGroup
		big := strings.Repeat("x", 100<<10)
		for range 5 {
			work.Go(func() {
				err := n.Send(t.Context(), "peer", 1, "a", "b", big)
				if !errors.Is(err, app.ErrNodeUnacknowledged) && !errors.Is(err, app.ErrNodeNotSent) || !strings.Contains(err.Error(), "stopped") {
					t.Errorf("a send ended with %v", err)
				}
			})
		}
		time.Sleep(time.Second)
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if conns.Load() != 1 {
			t.Errorf("%d connections", conns.Load())
		}
		stop()
		work.Wait()
	})
}

// Stop may come the moment a connection to another node is there.
func TestNodeStopAsALinkIsMade(t *testing.T) {
	port := peerNode(t, mute)
	n := app.NewNode(app.NodeConfig{})
	if !n.AddLink(dialNode(t, port, "/")) {
		t.Error("the link was not added")
	}
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A context bounds Stop where peers don't answer.
func TestNodeStopWithContext(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	port := startNode(t, n)
	c := dialNode(t, port, "/") // nobody reads, so nobody answers the Close
	nodeEventually(t, "connected", func() bool { return len(n.ActiveConnections()) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := n.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 3*time.Second {
		t.Errorf("Stop = %v after %v", err, time.Since(start))
	}
	wantClosed(t, c, conn.CodeGoingAway)
	if err := n.StartAddr("127.0.0.1:0"); err != nil {
		t.Errorf("started again: %v", err)
	}
}
