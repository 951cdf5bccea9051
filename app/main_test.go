package app_test

import (
	"flag"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// TestMain fails the run if the tests leave goroutines behind that don't end within
// 5 s. The runtime's poller, which tests that count descriptors would find there only
// after their beginning, is made first.
func TestMain(m *testing.M) {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	before := runtime.NumGoroutine()
	status := m.Run()
	os.RemoveAll(twoFilesBuilt.folder)
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(status) // fuzzing has goroutines of its own
	}
	http.DefaultClient.CloseIdleConnections()
	for tries := 0; status == 0 && runtime.NumGoroutine() > before; tries++ {
		if tries == 100 {
			os.Stderr.WriteString("goroutines are left after the tests:\n")
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			status = 1
		}
		wait(50 * time.Millisecond)
	}
	os.Exit(status)
}
