package torture_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"
)

var (
	quiet    = slog.New(slog.DiscardHandler)
	quietLog = log.New(io.Discard, "", 0)
)

// meter measures what the process holds.
type meter struct {
	goroutines  int
	descriptors int
	heap        uint64
	worst       atomic.Uint64 // heap in use, sampled
	stop        chan struct{}
}

// What may be held, beside what was held before. The heap is that of the hostile peers
// too, who hold a few megabytes each.
const (
	maxHeapAfter = 16 << 20
	maxHeapEver  = 160 << 20
)

// measure begins to measure. check, and not the test's end, ends it.
func measure(t *testing.T) *meter {
	t.Helper()
	m := &meter{goroutines: runtime.NumGoroutine(), descriptors: descriptors(), heap: heapInUse(), stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				m.worst.Store(max(m.worst.Load(), s.HeapAlloc))
			case <-m.stop:
				return
			}
		}
	}()
	return m
}

// check holds what is left once servers and peers are gone to the bounds.
func (m *meter) check(t *testing.T) {
	t.Helper()
	close(m.stop)
	const spare = 4 // of the runtime and of package testing
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > m.goroutines+spare || descriptors() > m.descriptors+spare {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors are left, before there were %d and %d\n%s",
				runtime.NumGoroutine(), descriptors(), m.goroutines, m.descriptors, buf[:runtime.Stack(buf, true)])
		}
		<-time.After(20 * time.Millisecond)
	}
	after := heapInUse()
	if after > m.heap+maxHeapAfter {
		t.Errorf("%d KiB of heap are in use afterwards, before there were %d KiB", after>>10, m.heap>>10)
	}
	if worst := m.worst.Load(); worst > m.heap+maxHeapEver {
		t.Errorf("%d MiB of heap were in use at the worst", worst>>20)
	}
	t.Logf("goroutines %d → %d, descriptors %d → %d, heap %d → %d KiB, at most %d KiB", m.goroutines, runtime.NumGoroutine(),
		m.descriptors, descriptors(), m.heap>>10, after>>10, m.worst.Load()>>10)
}

func heapInUse() uint64 {
	debug.FreeOSMemory() // pools are emptied by the second collection
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// descriptors returns how many descriptors are open, 0 where there is no such list.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// certificate returns a server's configuration with a certificate of its own.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "torture"},
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
