//go:build !race

package conn_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

var updateBudget = flag.Bool("update-budget", false, "write what is measured to testdata/allocations.txt")

// budgetFile is the committed table: a name, and how much it may be, a line. Lines
// that begin with # are comments.
const budgetFile = "testdata/allocations.txt"

// slack is by what share a figure other than 0 may exceed its line: other releases of
// Go allocate a little more or less.
const slack = 0.1

// TestAllocationBudget holds what a message and a connection cost against the
// committed table: unlike times, these figures are the same on every machine.
func TestAllocationBudget(t *testing.T) {
	measured := map[string]float64{
		"allocations/echo-hooks/size=125":              hookAllocs(t, conn.Config{}, 125, 1),
		"allocations/echo-hooks/size=16384":            hookAllocs(t, conn.Config{}, 16<<10, 1),
		"allocations/echo-hooks/size=1048576":          hookAllocs(t, conn.Config{}, 1<<20, 1),
		"allocations/echo-hooks/size=125/depth=64":     hookAllocs(t, conn.Config{}, 125, 64),
		"allocations/echo-hooks/size=1024/depth=16":    hookAllocs(t, conn.Config{}, 1<<10, 16),
		"allocations/echo-hooks/size=1024/compress=on": hookAllocs(t, conn.Config{Compression: conn.Compression{Enabled: true}}, 1<<10, 1),
		"allocations/prepared/size=1024":               preparedAllocs(t),
		"allocations/ping":                             pingAllocs(t),
		"allocations/connection-both-ends":             connectionAllocs(t),
		"heap-bytes/idle-connection-both-ends":         idleHeap(t),
	}
	if *updateBudget {
		writeBudget(t, measured)
		return
	}
	budget := readBudget(t)
	for name, got := range measured {
		limit, ok := budget[name]
		switch {
		case !ok:
			t.Errorf("%s: %.4g, and no line in %s", name, got, budgetFile)
		case got > limit*(1+slack):
			t.Errorf("%s: %.4g, more than the %.4g in %s", name, got, limit, budgetFile)
		case got < limit*(1-2*slack):
			t.Errorf("%s: %.4g, far less than the %.4g in %s: lower it with -update-budget", name, got, limit, budgetFile)
		}
	}
	for name := range budget {
		if _, ok := measured[name]; !ok {
			t.Errorf("%s stands in %s and isn't measured", name, budgetFile)
		}
	}
}

// hookAllocs returns the allocations of a number of messages to a server with hooks
// and back, rounded down: the collector may empty a pool now and then.
func hookAllocs(t *testing.T, cfg conn.Config, size, depth int) float64 {
	server, client := pair(t, cfg)
	done := make(chan struct{})
	go func() { defer close(done); server.Run(echoing{}) }()
	message, dst := bytes.Repeat([]byte("message "), size/8+1)[:size], make([]byte, 0, size+1)
	ctx := context.Background()
	allocs := testing.AllocsPerRun(200, func() {
		for range depth {
			if err := client.Write(ctx, conn.Text, message); err != nil {
				t.Fatal(err)
			}
		}
		for range depth {
			if _, _, err := client.ReadInto(ctx, dst); err != nil {
				t.Fatal(err)
			}
		}
	})
	client.Close(ctx, frame.CodeNormal, "")
	<-done
	return allocs
}

// preparedAllocs is for one message that was prepared, sent once more.
func preparedAllocs(t *testing.T) float64 {
	server, client := pair(t, conn.Config{})
	m, err := conn.NewPrepared(conn.Text, bytes.Repeat([]byte("m"), 1<<10))
	if err != nil {
		t.Fatal(err)
	}
	ctx, dst := context.Background(), make([]byte, 0, 2<<10)
	return testing.AllocsPerRun(200, func() {
		if err := server.WritePrepared(ctx, m); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.ReadInto(ctx, dst); err != nil {
			t.Fatal(err)
		}
	})
}

// pingAllocs is for a ping and its pong.
func pingAllocs(t *testing.T) float64 {
	server, client := pair(t, conn.Config{})
	go server.DiscardReads()
	go client.DiscardReads()
	return testing.AllocsPerRun(200, func() {
		if _, err := client.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// connectionAllocs is for the opening of a connection in memory and its end.
func connectionAllocs(t *testing.T) float64 {
	return testing.AllocsPerRun(100, func() {
		server, client := conn.Pipe(conn.Config{}, conn.Config{})
		server.Abort()
		client.Abort()
	})
}

// idleHeap is the heap of a connection over TCP that waits on both ends.
func idleHeap(t *testing.T) float64 {
	const n = 300
	before := heap()
	ends := make([]*conn.Conn, 0, 2*n)
	for range n {
		server, client := pair(t, conn.Config{})
		go server.Run(echoing{})
		client.Write(context.Background(), conn.Binary, make([]byte, 1000))
		client.Read(context.Background())
		ends = append(ends, server, client)
	}
	each := float64(heap()-before) / n
	runtime.KeepAlive(ends)
	return each
}

// readBudget reads the table.
func readBudget(t *testing.T) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(budgetFile)
	if err != nil {
		t.Fatal(err)
	}
	budget := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		var name string
		var limit float64
		if strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := fmt.Sscan(line, &name, &limit); err != nil {
			t.Fatalf("%s: %q: %v", budgetFile, line, err)
		}
		budget[name] = limit
	}
	return budget
}

// writeBudget writes what was measured as the new table.
func writeBudget(t *testing.T, measured map[string]float64) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# What a message, a connection and its waiting may cost: see TestAllocationBudget.\n")
	b.WriteString("# go test ./conn -run TestAllocationBudget -update-budget\n")
	for _, name := range slices.Sorted(maps.Keys(measured)) {
		fmt.Fprintf(&b, "%s %.0f\n", name, measured[name])
	}
	if err := os.WriteFile(budgetFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
