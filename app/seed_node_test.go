package app_test

// The items 91 to 114 of the seeds: what the Python library WebSocketProtocolCore
// promises and does, one test an item. Here: starting, storing, addresses.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/store"
	"github.com/google/go-cmp/cmp"
)

// WebSocketProtocolCore() without arguments.
func TestSeed091ZeroConfig(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	stopLater(t, n)
	if err := n.Start(0); err != nil {
		t.Fatal(err)
	}
	port := n.Addr().(*net.TCPAddr).Port
	if err := n.Send(t.Context(), "127.0.0.1", port, "a", "b", "to itself"); err != nil {
		t.Fatal(err)
	}
	if m, ok := n.NextMessage(); !ok || m.Text() != "to itself" {
		t.Errorf("%+v, %v", m, ok)
	}
}

// Storage 0 is the disk, 1 memory, and memory the default; both do the same.
func TestSeed092StorageModes(t *testing.T) {
	if app.NodeStorageDisk != 0 || app.NodeStorageMemory != 1 {
		t.Errorf("disk is %d and memory %d", app.NodeStorageDisk, app.NodeStorageMemory)
	}
	if _, ok := app.NewNode(app.NodeConfig{}).Store().(*store.Memory); !ok {
		t.Error("memory isn't the default")
	}
	if _, err := app.NodeStorage(2).Open(store.Config{}); err == nil || !strings.Contains(err.Error(), "2") {
		t.Errorf("storage mode 2: %v", err)
	}
	onEachStore(t, func(t *testing.T, s store.Store) {
		n := app.NewNode(app.NodeConfig{Store: s})
		port := startNode(t, n)
		for i := range 10 {
			if err := n.Send(t.Context(), "127.0.0.1", port, "聊天", "文本", fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n.Store() != s || s.Len() != 10 {
			t.Errorf("%d messages", s.Len())
		}
		for i := range 10 {
			if m, ok := n.NextMessage(); !ok || m.Text() != fmt.Sprint(i) {
				t.Errorf("message %d: %+v, %v", i, m, ok)
			}
		}
		if m, ok := n.NextMessage(); ok {
			t.Errorf("an eleventh message: %+v", m)
		}
	})
}

// data/received_messages.json is there when it is needed, and only then.
func TestSeed093DataFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	n := app.NewNode(app.NodeConfig{})
	if err := n.Send(t.Context(), "127.0.0.1", startNode(t, n), "a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Errorf("memory mode wrote %v, %v", entries, err)
	}
	s, err := app.NodeStorageDisk.Open(store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text, err := os.ReadFile(filepath.Join("data", "received_messages.json"))
	var messages []any
	if err != nil || json.Unmarshal(text, &messages) != nil || messages == nil || len(messages) != 0 {
		t.Errorf("the new file holds %q, %v; want an empty array", text, err)
	}
}

// The file is a JSON array of objects in the format of receiving. Those that the
// Python library wrote are read.
func TestSeed094FileFormat(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "received_messages.json")
	python := `[{"\u5bf9\u65b9IP": "10.0.0.7", "\u5bf9\u65b9\u7aef\u53e3": 50123, "\u5904\u7406\u7c7b\u578b": "chat", ` +
		`"\u6b21\u4e00\u7ea7\u6570\u636e\u7c7b\u578b": "text", "\u6570\u636e\u5185\u5bb9": "\u4f60\u597d", ` +
		`"\u65f6\u95f4": "2025-06-01T12:00:00.123456", "\u76ee\u6807IP": "10.0.0.2", "\u76ee\u6807\u7aef\u53e3": 8765}]`
	if err := os.WriteFile(file, []byte(python), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := app.NewNode(app.NodeConfig{Store: s})
	port := startNode(t, n)
	for i := range 5 {
		if err := n.Send(t.Context(), "127.0.0.1", port, "聊天", "文本", i); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var stored []map[string]any
	if err := json.Unmarshal(text, &stored); err != nil || len(stored) != 6 {
		t.Fatalf("%d messages, %v", len(stored), err)
	}
	for _, m := range stored {
		for _, key := range []string{"对方IP", "对方端口", "处理类型", "次一级数据类型", "数据内容", "时间"} {
			if _, ok := m[key]; !ok {
				t.Errorf("%v has no %s", m, key)
			}
		}
	}
	if python, err := exec.LookPath("python3"); err == nil {
		if out, err := exec.Command(python, "-m", "json.tool", file).CombinedOutput(); err != nil {
			t.Errorf("json.tool: %v\n%s", err, out)
		}
	}
	m, ok := n.NextMessage()
	want := app.NodeMessage{
		Seq: m.Seq, PeerIP: "10.0.0.7", PeerPort: 50123, HandleType: "chat", SubType: "text",
		Content: json.RawMessage(`"\u4f60\u597d"`), Time: time.Date(2025, 6, 1, 12, 0, 0, 123456000, time.Local),
		Extra: map[string]json.RawMessage{"目标IP": json.RawMessage(`"10.0.0.2"`), "目标端口": json.RawMessage("8765")},
	}
	if diff := cmp.Diff(want, m); !ok || diff != "" || m.Text() != "你好" {
		t.Errorf("%v, %q (-want +got):\n%s", ok, m.Text(), diff)
	}
}

// asNode is set in the environment of a test binary that is to be a node.
const asNode = "GODWIT_TEST_NODE_DIR"

// TestNodeProcess is no test: it is the node that TestSeed095Survives kills.
func TestNodeProcess(t *testing.T) {
	dir := os.Getenv(asNode)
	if dir == "" {
		t.Skip("runs as a part of TestSeed095Survives")
	}
	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	n := app.NewNode(app.NodeConfig{Store: s})
	if err := n.StartAddr("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("port %d\n", n.Addr().(*net.TCPAddr).Port)
	select {} // until it is killed
}

// startNodeProcess runs a node with a file in dir as a process, and returns its port
// and what kills it.
func startNodeProcess(t *testing.T, dir string) (port int, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNodeProcess$")
	cmd.Env = append(os.Environ(), asNode+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { cmd.Process.Kill(); cmd.Wait() }) // it ends by the kill
	t.Cleanup(kill)
	if _, err := fmt.Fscanf(out, "port %d\n", &port); err != nil {
		t.Fatal(err)
	}
	return port, kill
}

// What was acknowledged survives kill -9, also while messages stream in; a damaged
// file gives up what is whole, and the rest is set aside.
func TestSeed095Survives(t *testing.T) {
	t.Run("kill", testKilledNode)
	t.Run("damage", testDamagedFile)
}

func testKilledNode(t *testing.T) {
	dir := t.TempDir()
	port, kill := startNodeProcess(t, dir)
	from := sender(t, app.NodeConfig{})
	for i := range 100 {
		if err := from.Send(t.Context(), "127.0.0.1", port, "聊天", "文本", i); err != nil {
			t.Fatal(err)
		}
	}
	var acked atomic.Int64
	acked.Store(100)
	var stream sync.WaitGroup
	stream.Go(func() {
		for i := 100; from.Send(context.Background(), "127.0.0.1", port, "聊天", "文本", i) == nil; i++ {
			acked.Add(1)
		}
	})
	nodeEventually(t, "some of the stream acknowledged", func() bool { return acked.Load() > 150 })
	kill()
	stream.Wait()

	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	n := app.NewNode(app.NodeConfig{Store: s})
	got := 0
	for m, ok := n.NextMessage(); ok; m, ok = n.NextMessage() {
		if m.Text() != fmt.Sprint(got) {
			t.Fatalf("message %d is %s", got, m.Text())
		}
		got++
	}
	if want := int(acked.Load()); got < want || got > want+1 {
		t.Errorf("%d messages, %d were acknowledged", got, want)
	}
	s.Close()
}

func testDamagedFile(t *testing.T) {
	dir := t.TempDir()
	text := `[` + sent("one") + ",\n" + sent("two") + ",\n" + sent("three")[:60]
	if err := os.WriteFile(filepath.Join(dir, "received_messages.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var log nodeLog
	n := app.NewNode(app.NodeConfig{Store: s, Logger: log.logger()})
	for _, want := range []string{"one", "two"} {
		if m, ok := n.NextMessage(); !ok || m.Text() != want {
			t.Errorf("%+v, %v; want %s", m, ok, want)
		}
	}
	aside, err := filepath.Glob(filepath.Join(dir, "*.unreadable-*"))
	if err != nil || len(aside) != 1 || !strings.Contains(log.String(), filepath.Base(aside[0])) {
		t.Errorf("set aside: %v, %v; logged: %s", aside, err, &log)
	}
}

// A message costs the same whatever waits before it. The limit is one that the
// Python library would miss by a wide margin (50 to 77 a second), and we keep a
// hundred times over.
func TestSeed096CostDoesNotGrow(t *testing.T) {
	const backlog, n = 100_000, 2_000
	s, err := store.OpenDisk(store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	group := make([][]byte, 1000)
	for i := range group {
		group[i] = []byte(sent("waiting"))
	}
	for range backlog / len(group) {
		if err := s.AppendAll(t.Context(), group); err != nil {
			t.Fatal(err)
		}
	}
	node := app.NewNode(app.NodeConfig{Store: s})
	port := startNode(t, node)
	ctx, cancel := context.WithTimeout(t.Context(), nodePatience)
	defer cancel()
	start := time.Now()
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for range n / 8 {
				if err := node.Send(ctx, "127.0.0.1", port, "聊天", "文本", "new"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	put := time.Since(start)
	start = time.Now()
	for range n {
		if _, err := node.WaitMessage(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if s.Len() != backlog {
		t.Errorf("%d messages are left, want %d", s.Len(), backlog)
	}
	t.Logf("with %d queued: %.0f puts and %.0f gets a second", backlog, n/put.Seconds(), n/time.Since(start).Seconds())
}

func TestSeed097StartServer(t *testing.T) {
	busy, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := busy.Addr().(*net.TCPAddr).Port
	n := app.NewNode(app.NodeConfig{})
	stopLater(t, n)
	if err := n.Start(port); err == nil || !strings.Contains(err.Error(), fmt.Sprint(port)) || n.IsRunning() || n.Addr() != nil {
		t.Errorf("on a busy port: %v, running %v", err, n.IsRunning())
	}
	for _, bad := range []int{-1, 65536} {
		if err := n.Start(bad); err == nil || n.IsRunning() {
			t.Errorf("on port %d: %v", bad, err)
		}
	}
	if err := n.StartAddr("127.0.0.1:http:x"); err == nil || n.IsRunning() {
		t.Errorf("on an address that is none: %v", err)
	}
	if err := n.Start(0); err != nil || !n.IsRunning() {
		t.Fatalf("on a free port: %v", err)
	}
	if err := n.Start(0); !errors.Is(err, app.ErrNodeRunning) || !n.IsRunning() {
		t.Errorf("twice: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := n.StartListener(l); !errors.Is(err, app.ErrNodeRunning) {
		t.Errorf("with a listener, twice: %v", err)
	}
	if ip := n.Addr().(*net.TCPAddr).IP; !ip.IsUnspecified() {
		t.Errorf("listens on %v, want all addresses", ip)
	}
	for _, host := range []string{"127.0.0.1", app.LocalIP()} {
		if err := n.Send(t.Context(), host, n.Addr().(*net.TCPAddr).Port, "a", "b", "c"); err != nil {
			t.Errorf("reaching it at %s: %v", host, err)
		}
	}
}

// Stopping closes with 1001, may be repeated and followed by another start, and
// keeps the messages unless it is told not to.
func TestSeed098StopServer(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		for _, clearing := range []bool{false, true} {
			n := app.NewNode(app.NodeConfig{Store: s, ClearOnStop: clearing})
			if err := n.Stop(t.Context()); err != nil {
				t.Errorf("before a start: %v", err)
			}
			var port int
			for round := range 2 {
				port = startNode(t, n)
				c := dialNode(t, port, "/")
				if got, _ := exchange(t, c, sent("kept")); got != "确认" {
					t.Errorf("reply %v", got)
				}
				stopped := make(chan error, 1)
				go func() { stopped <- n.Stop(context.Background()) }()
				wantClosed(t, c, conn.CodeGoingAway)
				if err := <-stopped; err != nil || n.IsRunning() || len(n.ActiveConnections()) != 0 {
					t.Errorf("round %d: %v, running %v", round, err, n.IsRunning())
				}
				if err := n.Stop(t.Context()); err != nil {
					t.Errorf("again: %v", err)
				}
				want := round + 1
				if clearing {
					want = 0
				}
				if s.Len() != want {
					t.Errorf("clearing %v: %d messages after stop %d, want %d", clearing, s.Len(), round, want)
				}
			}
			if _, err := conn.Dial(t.Context(), fmt.Sprintf("ws://127.0.0.1:%d", port)); err == nil {
				t.Error("a stopped node accepts connections")
			}
		}
	})
}

func TestSeed099ValidatePort(t *testing.T) {
	busy, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := busy.Addr().(*net.TCPAddr).Port
	const outside, integer = "端口必须在1-65535之间", "端口必须是整数"
	for _, tt := range []struct {
		port  any
		valid bool
		text  string
	}{
		{0, false, outside}, {1, true, "端口有效: 1"}, {65535, true, "端口有效: 65535"}, {65536, false, outside}, {-1, false, outside},
		{"8765", true, "端口有效: 8765"}, {" 8765 ", true, "端口有效: 8765"}, {"abc", false, integer}, {"", false, integer}, {"80.5", false, integer},
		{"99999999999999999999", false, integer}, {"-1", false, outside},
		{8765.0, true, "端口有效: 8765"}, {8765.9, false, integer}, {1e300, false, outside},
		{uint16(80), true, "端口有效: 80"}, {int64(1) << 40, false, outside}, {nil, false, integer}, {true, false, integer}, {[]int{1}, false, integer},
		{taken, true, fmt.Sprintf("端口有效: %d", taken)},
	} {
		if valid, text := app.ValidateTargetPort(tt.port); valid != tt.valid || text != tt.text {
			t.Errorf("ValidateTargetPort(%v) = %v, %s; want %v, %s", tt.port, valid, text, tt.valid, tt.text)
		}
		if !tt.valid {
			if valid, text := app.ValidatePort(tt.port); valid || text != tt.text {
				t.Errorf("ValidatePort(%v) = %v, %s; want false, %s", tt.port, valid, text, tt.text)
			}
		}
	}
	if valid, text := app.ValidatePort(taken); valid || text != "端口已被占用或无法使用" {
		t.Errorf("of a busy port: %v, %s", valid, text)
	}
	nodeEventually(t, "a port just closed is free", func() bool { // unless somebody else was given it
		closed, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		port := closed.Addr().(*net.TCPAddr).Port
		closed.Close()
		valid, text := app.ValidatePort(fmt.Sprint(port))
		return valid && text == fmt.Sprintf("端口可用: %d", port)
	})
}

func TestSeed100LocalIP(t *testing.T) {
	ip := app.LocalIP()
	if addr, err := netip.ParseAddr(ip); err != nil || addr.IsUnspecified() {
		t.Errorf("LocalIP() = %q, %v", ip, err)
	}
	for _, ip := range app.LocalIPs() {
		if addr, err := netip.ParseAddr(ip); err != nil || !addr.IsGlobalUnicast() {
			t.Errorf("LocalIPs has %q, %v", ip, err)
		}
	}
	// Without a way out, an interface's address must do, or loopback's.
	if got := app.LocalIPTowards("[ff02::1%nowhere]:80"); got != "" {
		t.Errorf("towards nowhere: %q", got)
	}
	if got := app.FirstIP(nil); got != "127.0.0.1" {
		t.Errorf("of none: %q", got)
	}
	if got := app.FirstIP([]string{"10.0.0.1", "10.0.0.2"}); got != "10.0.0.1" {
		t.Errorf("of two: %q", got)
	}
}

func TestSeed101ActiveConnections(t *testing.T) {
	n := app.NewNode(app.NodeConfig{})
	port := startNode(t, n)
	if got := n.ActiveConnections(); len(got) != 0 {
		t.Errorf("at first: %v", got)
	}
	var conns []*conn.Conn
	for i := range 5 {
		conns = append(conns, dialNode(t, port, "/"))
		nodeEventually(t, "the connection counted", func() bool { return len(n.ActiveConnections()) == i+1 })
	}
	for i, p := range n.ActiveConnections() {
		local := conns[i].LocalAddr().(*net.TCPAddr)
		if p.IP != "127.0.0.1" || p.Port != local.Port || time.Since(p.Since) > nodePatience {
			t.Errorf("connection %d is %+v, want %v", i, p, local)
		}
	}
	for i, c := range conns {
		if i%2 == 0 {
			c.Abort()
		} else {
			go c.Close(context.Background(), conn.CodeNormal, "")
		}
		start := time.Now()
		nodeEventually(t, "the connection gone", func() bool { return len(n.ActiveConnections()) == len(conns)-i-1 })
		t.Logf("gone after %v", time.Since(start))
	}
}
