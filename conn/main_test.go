package conn_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// TestMain fails the run if goroutines are left a while after the last test: those
// of tests over sockets, since a bubble sees to its own. The runtime's poller, which
// tests that count descriptors would find there only after their beginning, is made
// first.
func TestMain(m *testing.M) {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	conn.RestAfter(1 << 20) // a millisecond, else no test would come to it
	before := runtime.NumGoroutine()
	status := m.Run()
	if status == 0 && left(before) {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "goroutines are left after the tests:\n%s", stacks[:runtime.Stack(stacks, true)])
		status = 1
	}
	os.Exit(status)
}

// left reports whether there are more goroutines than before, also after 20 s.
func left(before int) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; <-tick.C {
		if time.Now().After(end) {
			return true
		}
	}
	return false
}
