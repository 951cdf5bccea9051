package chromium

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long to wait for what must come.
const patience = 30 * time.Second

// names are those that the program has on various systems.
var names = [...]string{"chromium", "chromium-browser", "google-chrome"}

// flags keep Chromium to itself, and off the network.
var flags = [...]string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-default-apps", "--disable-extensions", "--disable-breakpad", "--disable-dev-shm-usage",
	"--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	"--ignore-certificate-errors", "--hide-scrollbars", "--lang=en-US",
	"--remote-debugging-port=0", "about:blank",
}

// Browser is a Chromium that runs for the time of a test.
type Browser struct {
	Tools *DevTools
}

// Start runs Chromium until the test ends. It skips the test where there is none.
func Start(t *testing.T) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		t.Skipf("Chromium isn't installed (apt-get install chromium): none of %q is in PATH", names)
	}
	profile, err := os.MkdirTemp("", "godwit-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Log(err) // its last processes may still be on their way out
		}
	})
	cmd := exec.Command(path, append([]string{"--user-data-dir=" + profile}, flags[:]...)...)
	tieToUs(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	url, gone := make(chan string, 1), make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(gone)
		runtime.LockOSThread() // for tieToUs
		err := cmd.Start()
		started <- err
		if err == nil {
			listenFor(stderr, url)
			cmd.Wait() // how it ended is of no interest, only that it did
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	b := &Browser{}
	t.Cleanup(func() { b.stop(cmd, gone) })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case u := <-url:
		if b.Tools, err = DialDevTools(ctx, u); err != nil {
			t.Fatal(err)
		}
	case <-gone:
		t.Fatalf("%s ended at once", path)
	case <-ctx.Done():
		t.Fatalf("%s doesn't say where its DevTools are", path)
	}
	return b
}

// find returns the path of the program, or "".
func find() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// listenFor reads what the browser says until its end, and passes on where its
// DevTools are.
func listenFor(r io.Reader, url chan<- string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			url <- strings.TrimSpace(at)
			break
		}
	}
	io.Copy(io.Discard, r)
}

// stop asks the browser to go, and ends it if it doesn't. Its other processes go with
// the first.
func (b *Browser) stop(cmd *exec.Cmd, gone <-chan struct{}) {
	if b.Tools != nil {
		b.Tools.Post(context.Background(), "", "Browser.close", nil) // a browser that is gone is closed
	}
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		cmd.Process.Kill()
		<-gone
	}
	if b.Tools != nil {
		b.Tools.Close()
	}
}
