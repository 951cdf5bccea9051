package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/cluster"
	"github.com/godwit-ws/godwit/conn"
)

// The example's script runs, and nobody who chats by way of its proxy misses anything
// while a node is killed.
func TestChatBehindHAProxy(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	for _, name := range []string{"haproxy", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " isn't installed")
		}
	}
	addr := freePorts(t, 1)[0]
	cmd := exec.Command("example/run.sh")
	cmd.Env = append(os.Environ(), "CHAT_PORT="+addr[strings.LastIndex(addr, ":")+1:], "PERIOD=4")
	log := new(logLines)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Log(log)
		}
	})
	deadline := time.Now().Add(2 * time.Minute)
	for !strings.Contains(log.String(), "chat at") {
		if time.Now().After(deadline) {
			t.Fatal("the example doesn't start")
		}
		<-time.After(50 * time.Millisecond)
	}
	eventually(t, "the proxy is up", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	url := "ws://" + addr + "/live"
	runFaults(t, []string{url, url, url}, func(ctx context.Context, k *checker) {
		eventually(t, "a node is killed and comes back", func() bool { return strings.Contains(log.String(), "is back") })
		before := k.count()
		eventually(t, "the chat goes on", func() bool { return k.count() > before+50 })
	})
}

func Example() {
	dir, err := os.MkdirTemp("", "nats")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	c, err := cluster.New(cluster.Config{
		Embed:  &cluster.Embed{Dir: dir},
		Retain: func(string) app.Retention { return app.Retention{MaxMessages: 100} },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	s, err := app.New(app.Config{Broker: c})
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Attach(s)
	first, err := s.To("news").Publish(conn.Text, []byte("hello"))
	fmt.Println(first.Position.Seq, err)
	// Output: 1 <nil>
}
