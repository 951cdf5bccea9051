package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/cluster"
)

// nats-server says what it was told: to sync always, or every two minutes.
func TestSyncAlwaysIsSet(t *testing.T) {
	t.Parallel()
	for _, always := range []bool{true, false} {
		cfg := quick("")
		cfg.Embed = &cluster.Embed{Dir: t.TempDir(), SyncAlways: always}
		js := cluster.JetStreamConfig(join(t, cfg).Cluster)
		if js.SyncAlways != always {
			t.Errorf("Embed.SyncAlways %t: the server has %t, and syncs every %v", always, js.SyncAlways, js.SyncInterval)
		}
	}
}

// syncAlways reports whether a server says that it syncs always.
func (s *natsServers) syncAlways(i int) bool {
	var varz struct {
		JetStream struct {
			Config struct {
				SyncAlways bool `json:"sync_always"`
			}
		}
	}
	return s.ask(i, "/varz", &varz) == nil && varz.JetStream.Config.SyncAlways
}

// With it, no message is acknowledged that the system wasn't asked to put on the disk:
// there are at least as many syncs as messages one after the other. What the disk makes
// of it, no test on one machine can tell.
func TestSyncAlwaysSyncs(t *testing.T) {
	t.Parallel()
	node := buildNode(t)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace isn't installed")
	}
	const n = 50
	for _, always := range []bool{true, false} {
		addr, calls := freePorts(t, 1)[0], filepath.Join(t.TempDir(), "calls")
		p := launch(t, node, addr, "-addr", addr, "-data", t.TempDir(), fmt.Sprint("-sync=", always))
		p.up()
		said := new(logLines)
		trace := exec.Command(strace, "-f", "-c", "-o", calls, "-e", "trace=fsync,fdatasync", "-p", fmt.Sprint(p.cmd.Process.Pid))
		trace.Stderr = said
		if err := trace.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "strace looks on, or may not", func() bool { return strings.ContainsRune(said.String(), '\n') })
		if !strings.Contains(said.String(), "attached") {
			trace.Wait()
			t.Skipf("strace may not look on: %s", said)
		}
		c, err := client.New(impatient(p.ws()))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for i := range n {
			if _, err := c.Publish(t.Context(), "kept", client.JSON(i)); err != nil {
				t.Fatal(err)
			}
		}
		trace.Process.Signal(os.Interrupt)
		trace.Wait()
		if got := syncs(t, calls); (got >= n) != always {
			t.Errorf("-sync=%t: %d syncs for %d messages", always, got, n)
		}
	}
}

// syncs returns how many calls strace has counted.
func syncs(t *testing.T, file string) (n int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?f(?:data)?sync$`).FindAllStringSubmatch(string(text), -1) {
		calls, _ := strconv.Atoi(m[1])
		n += calls
	}
	return n
}
