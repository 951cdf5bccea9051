package load_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// brief makes a run short.
func brief(cfg load.Config) load.Config {
	cfg.WarmUp, cfg.Duration = 20*time.Millisecond, 100*time.Millisecond
	if cfg.Connections == 0 {
		cfg.Connections = 4
	}
	return cfg
}

// runUntilCounted does runs of ever longer duration until one has counted something:
// on a machine that is busy nothing may come back in a short time.
func runUntilCounted(t *testing.T, cfg load.Config) *load.Result {
	t.Helper()
	for cfg = brief(cfg); ; cfg.Duration *= 4 {
		got, err := load.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got.Messages > 0 || cfg.Duration > 10*time.Second {
			return got
		}
	}
}

// TestRun does all that can be done, and looks whether anything was counted.
func TestRun(t *testing.T) {
	t.Parallel() // most of it waits
	ws, tcp := serve(t, hooks{message: echo}), serveTCP(t)
	for _, tt := range []struct {
		name string
		cfg  load.Config
	}{
		{"closed-loop", load.Config{URL: ws}},
		{"pipelined", load.Config{URL: ws, Depth: 64}},
		{"empty", load.Config{URL: ws, Size: -1}},
		{"one-byte", load.Config{URL: ws, Size: 1, Content: load.ASCII}},
		{"chinese", load.Config{URL: ws, Size: 16 << 10, Content: load.CJK}},
		{"large", load.Config{URL: ws, Size: 1 << 20}},
		{"large-pipelined", load.Config{URL: ws, Size: 300_000, Depth: 7}},
		{"compressed", load.Config{URL: ws, Size: 1 << 10, Content: load.JSON, Compress: true}},
		{"compressed-pipelined", load.Config{URL: ws, Size: 1 << 10, Content: load.JSON, Compress: true, Depth: 9}},
		{"compressed-afresh", load.Config{URL: ws, Size: 1 << 10, Content: load.JSON, Compress: true, NoTakeover: true}},
		{"rate", load.Config{URL: ws, Rate: 2000}},
		{"rate-large", load.Config{URL: ws, Rate: 100, Size: 1 << 20}},
		{"rate-below-one-each", load.Config{URL: ws, Rate: 20}},
		{"churn", load.Config{URL: ws, Mode: load.Churn}},
		{"churn-deep", load.Config{URL: ws, Mode: load.Churn, Depth: 3}},
		{"idle", load.Config{URL: ws, Mode: load.Idle, Connections: 60}},
		{"idle-first", load.Config{URL: ws, Mode: load.Idle, Connections: 60, First: 59}},
		{"idle-none-first", load.Config{URL: ws, Mode: load.Idle, Connections: 60, First: -1}},
		{"idle-few", load.Config{URL: ws, Mode: load.Idle, Connections: 1}},
		{"tcp-closed-loop", load.Config{URL: tcp}},
		{"tcp-pipelined", load.Config{URL: tcp, Depth: 64}},
		{"tcp-large", load.Config{URL: tcp, Size: 4 << 20, Depth: 3}},
		{"tcp-rate", load.Config{URL: tcp, Rate: 2000}},
		{"tcp-churn", load.Config{URL: tcp, Mode: load.Churn}},
		{"tcp-idle", load.Config{URL: tcp, Mode: load.Idle, Connections: 60}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := runUntilCounted(t, tt.cfg)
			if got.Latency.Count == 0 || got.Latency.P50 <= 0 || got.Latency.Max < got.Latency.P50 {
				t.Errorf("latency %+v", got.Latency)
			}
			if got.Messages <= 0 || got.Unanswered != 0 {
				t.Errorf("%d messages, %d unanswered", got.Messages, got.Unanswered)
			}
			if tt.cfg.Mode == load.Idle && got.Messages != int64(got.Config.Connections) {
				t.Errorf("%d messages woke %d connections", got.Messages, got.Config.Connections)
			}
		})
	}
}

// TestBroadcastSlowJoin is of a server that opens connections before it knows them.
func TestBroadcastSlowJoin(t *testing.T) {
	var b broadcaster
	url := serve(t, hooks{message: b.send, open: func(c *conn.Conn) error {
		<-time.After(20 * time.Millisecond)
		return b.join(c)
	}})
	runUntilCounted(t, load.Config{URL: url, Mode: load.Broadcast, Connections: 5})
}

func TestBroadcast(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  load.Config
	}{
		{"closed-loop", load.Config{}},
		{"pipelined", load.Config{Depth: 10}},
		{"rate", load.Config{Rate: 500}},
		{"large", load.Config{Size: 200_000, Depth: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b broadcaster
			tt.cfg.URL, tt.cfg.Mode, tt.cfg.Connections = serve(t, hooks{open: b.join, message: b.send}), load.Broadcast, 5
			got := runUntilCounted(t, tt.cfg)
			if got.Messages == 0 || got.Latency.Count == 0 {
				t.Errorf("%d deliveries, latency %+v", got.Messages, got.Latency)
			}
		})
	}
}

// TestRubbish lets servers answer wrongly: there are no figures then.
func TestRubbish(t *testing.T) {
	ctx := context.Background()
	var count atomic.Int64
	for _, tt := range []struct {
		name    string
		message func(c *conn.Conn, op conn.Opcode, p []byte) error
		want    string
		cfg     load.Config
	}{
		{"short", func(c *conn.Conn, op conn.Opcode, p []byte) error { return echo(c, op, p[1:]) },
			"load: answer 1 is wrong: its content differs within bytes 0 to 124", load.Config{}},
		{"cut", func(c *conn.Conn, op conn.Opcode, p []byte) error { return echo(c, op, p[:len(p)-1]) },
			"load: answer 1 is wrong: it has 124 bytes, want 125", load.Config{}},
		{"long", func(c *conn.Conn, op conn.Opcode, p []byte) error { return echo(c, op, append(p[:len(p):len(p)], 'x')) },
			"load: answer 1 is wrong: it is longer than 125 bytes", load.Config{}},
		{"other-type", func(c *conn.Conn, op conn.Opcode, p []byte) error { return echo(c, conn.Binary, p) },
			"load: answer 1 is wrong: it is a binary message, want text", load.Config{Content: load.ASCII}},
		{"changed", func(c *conn.Conn, op conn.Opcode, p []byte) error { p[100]++; return echo(c, op, p) },
			"load: answer 1 is wrong: its content differs within bytes 0 to 125", load.Config{}},
		{"long-one-changed", func(c *conn.Conn, op conn.Opcode, p []byte) error { p[70_000]++; return echo(c, op, p) },
			"load: answer 1 is wrong: its content differs", load.Config{Size: 100_000}},
		{"one-of-many-left-out", func(c *conn.Conn, op conn.Opcode, p []byte) error {
			if count.Add(1) == 50 {
				return nil
			}
			return echo(c, op, p)
		}, "load: answer 50 is wrong: its content differs", load.Config{Connections: 1, Depth: 4}},
		{"always-the-first", func(c *conn.Conn, op conn.Opcode, p []byte) error {
			return echo(c, op, make([]byte, len(p)))
		}, "load: answer 1 is wrong: its content differs", load.Config{Size: 1 << 20}},
		{"twice", func(c *conn.Conn, op conn.Opcode, p []byte) error { echo(c, op, p); return echo(c, op, p) },
			"load: answer ", load.Config{Connections: 1}},
		{"closed", func(c *conn.Conn, op conn.Opcode, p []byte) error {
			c.Close(ctx, frame.CodeTryAgainLater, "busy")
			return nil
		}, `load: the server closed with `, load.Config{}},
		{"dropped", func(c *conn.Conn, op conn.Opcode, p []byte) error { c.Abort(); return nil }, "", load.Config{}},
		{"compressed-changed", func(c *conn.Conn, op conn.Opcode, p []byte) error { p[3] = 'x'; return echo(c, op, p) },
			"load: answer 1 is wrong: its content differs", load.Config{Compress: true, Content: load.JSON, Size: 1000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.URL = serve(t, hooks{message: tt.message})
			got, err := load.Run(t.Context(), brief(tt.cfg))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %s; result %+v", err, tt.want, got)
			}
			if errors.Is(err, load.ErrConfig) {
				t.Errorf("%v is ErrConfig", err)
			}
		})
	}
}

// TestSilence gives up on a server that takes all and answers nothing.
func TestSilence(t *testing.T) {
	t.Parallel() // it waits
	const (
		drain = 200 * time.Millisecond
		ample = time.Second // for all that is due to be sent, too
	)
	silent := serve(t, hooks{message: func(*conn.Conn, conn.Opcode, []byte) error { return nil }})
	for _, cfg := range []load.Config{{}, {Size: 100_000}, {Mode: load.Broadcast}} {
		t.Run(string(cfg.Mode), func(t *testing.T) {
			cfg.URL = silent
			if got, err := load.RunWith(t.Context(), brief(cfg), drain); err == nil || !strings.Contains(err.Error(), "doesn't answer") {
				t.Errorf("error %v, result %+v", err, got)
			}
		})
	}
	t.Run("rate", func(t *testing.T) {
		got, err := load.RunWith(t.Context(), brief(load.Config{URL: silent, Rate: 1000}), ample)
		if err != nil {
			t.Fatal(err)
		}
		if got.Unanswered != int64(got.Lag.Count) || got.Unanswered == 0 || got.Messages != 0 {
			t.Errorf("%d of %d unanswered, %d messages", got.Unanswered, got.Lag.Count, got.Messages)
		}
	})
}

// TestCoordinatedOmission lets a server pause once. At a rate, every message that
// was due meanwhile counts from then, whether or not it could be sent.
func TestCoordinatedOmission(t *testing.T) {
	const pause = 300 * time.Millisecond
	var once atomic.Bool
	url := serve(t, hooks{message: func(c *conn.Conn, op conn.Opcode, p []byte) error {
		if once.CompareAndSwap(false, true) {
			<-time.After(pause)
		}
		return echo(c, op, p)
	}})
	got, err := load.Run(t.Context(), load.Config{
		URL: url, Connections: 1, Rate: 1000, WarmUp: -1, Duration: 2 * pause,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Latency.Count != 600 {
		t.Errorf("%d messages were due, want 600", got.Latency.Count)
	}
	if max := time.Duration(got.Latency.Max * 1e9); max < pause {
		t.Errorf("the longest latency is %v, want the pause of %v", max, pause)
	}
	if mean := time.Duration(got.Latency.Mean * 1e9); mean < pause/8 {
		t.Errorf("the mean latency is %v, though half of the messages were due in a pause of %v", mean, pause)
	}
}

// TestCancel ends runs of every kind before their time.
func TestCancel(t *testing.T) {
	var b, b2 broadcaster
	url, other := serve(t, hooks{open: b.join, message: b.send}), serve(t, hooks{open: b2.join, message: b2.send})
	echoes := serve(t, hooks{message: echo})
	for _, cfg := range []load.Config{
		{URL: echoes}, {URL: echoes, Rate: 1}, {URL: echoes, Size: 1 << 20}, {URL: echoes, Mode: load.Churn},
		{URL: echoes, Mode: load.Idle}, {URL: url, Mode: load.Broadcast}, {URL: other, Mode: load.Broadcast, Rate: 0.1},
	} {
		cfg.Duration, cfg.Connections = time.Hour, 4
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err := load.Run(ctx, cfg)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%+v: error %v, want the context's", cfg, err)
		}
	}
}

func TestDialErrors(t *testing.T) {
	gone := "ws://" + listen(t, nil)
	for _, tt := range []struct{ name, url, want string }{
		{"no-websocket", strings.Replace(serveTCP(t), "tcp", "ws", 1), "load: connection "},
		{"refused", strings.Replace(gone, "127.0.0.1", "127.0.0.9", 1), "load: connection "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load.Run(t.Context(), brief(load.Config{URL: tt.url}))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %s…", err, tt.want)
			}
		})
	}
}

// TestServerProcess measures this very process, in which the server runs as well.
func TestServerProcess(t *testing.T) {
	url := serve(t, hooks{message: echo})
	cfg := brief(load.Config{URL: url, ServerPID: os.Getpid()})
	if runtime.GOOS != "linux" {
		if _, err := load.Run(t.Context(), cfg); !errors.Is(err, load.ErrServerStats) {
			t.Errorf("error %v, want %v", err, load.ErrServerStats)
		}
		return
	}
	got := runUntilCounted(t, cfg)
	if got.Server.CPU <= 0 || got.Generator.CPU <= 0 || got.Server.CPUPerMessage <= 0 {
		t.Errorf("CPU %+v and %+v", got.Server, got.Generator)
	}
	cfg.Mode, cfg.Connections = load.Idle, 100
	if got, err := load.Run(t.Context(), cfg); err != nil || got.Server.Memory <= 0 {
		t.Errorf("memory %+v, %v", got, err)
	}
	cfg.ServerPID = 1 << 30
	if _, err := load.Run(t.Context(), cfg); err == nil {
		t.Error("a process that isn't there was measured")
	}
}

// TestSources connects from several addresses.
func TestSources(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere 127.0.0.2 isn't an address of this machine unless it is made one")
	}
	seen := make(chan string, 6)
	url := serve(t, hooks{message: echo, open: func(c *conn.Conn) error {
		host, _, _ := strings.Cut(c.RemoteAddr().String(), ":")
		seen <- host
		return nil
	}})
	if _, err := load.Run(t.Context(), brief(load.Config{URL: url, Connections: 6, Sources: 3})); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for range 6 {
		count[<-seen]++
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		if count[host] != 2 {
			t.Errorf("connections by source: %v, want two from each of three", count)
		}
	}
}
