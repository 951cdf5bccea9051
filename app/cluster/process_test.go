package cluster_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a program that is killed and started again with the same arguments.
type process struct {
	t    *testing.T
	path string
	args []string
	addr string // where it takes connections
	cmd  *exec.Cmd
	out  *bytes.Buffer
}

// launch starts a process that ends with the test.
func launch(t *testing.T, path, addr string, args ...string) *process {
	t.Helper()
	p := &process{t: t, path: path, addr: addr, args: args}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %v:\n%s", path, args, lastLines(p.out.String()))
		}
	})
	return p
}

func lastLines(s string) string { return s[max(0, len(s)-4000):] }

func (p *process) start() {
	p.t.Helper()
	p.cmd, p.out = exec.Command(p.path, p.args...), new(bytes.Buffer)
	p.cmd.Stderr = p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func (p *process) ws() string { return "ws://" + p.addr + "/live" }

// up waits until the process takes connections.
func (p *process) up() {
	p.t.Helper()
	eventually(p.t, "a process is up: "+p.addr, func() bool { return takes(p.addr) })
}

func takes(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// ports are those that were given out, so that none is twice.
var ports struct {
	sync.Mutex
	given map[int]bool
}

// freePorts returns addresses that nobody listens on. They aren't among those that
// systems choose for connections, nor those of the example.
func freePorts(t testing.TB, n int) (all []string) {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = make(map[int]bool)
	}
	for len(all) < n {
		port := 20_000 + rand.IntN(12_000)
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil || ports.given[port] {
			continue
		}
		l.Close()
		ports.given[port] = true
		all = append(all, l.Addr().String())
	}
	return all
}

// programs are what tests run, built once.
var programs struct {
	sync.Mutex
	dir   string
	built map[string]string
}

const natsProgram = "github.com/nats-io/nats-server/v2"

// build builds a package's program, and returns its path.
func build(t testing.TB, name, pkg string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and kills processes")
	}
	programs.Lock()
	defer programs.Unlock()
	if path := programs.built[pkg]; path != "" {
		return path
	}
	path := filepath.Join(programs.dir, name)
	if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if programs.built == nil {
		programs.built = make(map[string]string)
	}
	programs.built[pkg] = path
	return path
}

func buildNode(t *testing.T) string { return build(t, "godwit", "./cmd/godwit") }

// natsServers are processes of nats-server that form a cluster, each of whose
// connections to another goes by way of a proxy.
type natsServers struct {
	t       *testing.T
	all     []*process
	monitor []string
	wires   map[[2]int]*proxy // from, to
}

const natsConfig = `
server_name: s%d
listen: %q
http: %q
ping_interval: "2s"
ping_max: 2
jetstream { store_dir: %q%s }
cluster {
  name: test
  listen: %q
  advertise: "127.0.0.1:%d" # leads nowhere: no way around the proxies
  no_advertise: true
  pool_size: -1
  routes: [%s]
}
`

// startServers starts three of them, with more to say to their JetStream.
func startServers(t *testing.T, jetStream string) *natsServers {
	t.Helper()
	path, dir, addrs := build(t, "nats-server", natsProgram), t.TempDir(), freePorts(t, 9)
	s := &natsServers{t: t, monitor: addrs[3:6], wires: make(map[[2]int]*proxy)}
	for i := range 3 {
		var routes []string
		for j := range 3 {
			if i != j {
				wire := newProxy(t, addrs[6+j])
				s.wires[[2]int{i, j}] = wire
				routes = append(routes, fmt.Sprintf("%q", "nats://"+wire.addr()))
			}
		}
		file := filepath.Join(dir, fmt.Sprint(i, ".conf"))
		text := fmt.Sprintf(natsConfig, i, addrs[i], s.monitor[i], filepath.Join(dir, fmt.Sprint(i)), jetStream, addrs[6+i], 1+i, strings.Join(routes, ", "))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.all = append(s.all, launch(t, path, addrs[i], "-c", file))
	}
	for i := range s.all {
		eventually(t, "the servers form a cluster", func() bool { return s.peers(i) == 2 })
	}
	return s
}

// isolate does something with everything between a server and the others.
func (s *natsServers) isolate(i int, state proxyState) {
	for ends, wire := range s.wires {
		if ends[0] == i || ends[1] == i {
			wire.set(state)
		}
	}
}

// peers returns how many others a server is connected with.
func (s *natsServers) peers(i int) int {
	var routes struct {
		Routes []struct {
			Remote string `json:"remote_id"`
		}
	}
	if s.ask(i, "/routez", &routes) != nil {
		return -1
	}
	others := make(map[string]bool)
	for _, r := range routes.Routes {
		others[r.Remote] = true
	}
	return len(others)
}

// ask asks a server's monitoring.
func (s *natsServers) ask(i int, path string, answer any) error {
	client := http.Client{Timeout: time.Second}
	r, err := client.Get("http://" + s.monitor[i] + path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return json.NewDecoder(r.Body).Decode(answer)
}

func (s *natsServers) url(i int) string { return "nats://" + s.all[i].addr }

func dialTCP(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// heldFor is how long a test looks whether something comes that mustn't.
const heldFor = 50 * time.Millisecond

func deadline(d time.Duration) time.Time { return time.Now().Add(d) }

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// exchange writes a text and returns what is read, "" if nothing.
func exchange(c net.Conn, text string) string {
	c.Write([]byte(text))
	buf := make([]byte, 16)
	n, _ := c.Read(buf)
	return string(buf[:n])
}
