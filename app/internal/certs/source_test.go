package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app/internal/certs"
)

// pemPair is a self-signed certificate and its key.
type pemPair struct{ cert, key []byte }

// newPair makes a certificate for name.
func newPair(t *testing.T, name string) pemPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemPair{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})}
}

// desk is a folder with two files, a source over them, and what it reported.
type desk struct {
	t                 *testing.T
	certFile, keyFile string
	source            *certs.Source
	reports           []string
}

// newDesk starts with a pair.
func newDesk(t *testing.T, p pemPair) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t: t, certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key")}
	d.write(p.cert, p.key)
	source, err := certs.New(d.certFile, d.keyFile, func(err error) { d.reports = append(d.reports, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	d.source = source
	return d
}

// write writes what isn't nil.
func (d *desk) write(cert, key []byte) {
	d.t.Helper()
	for name, b := range map[string][]byte{d.certFile: cert, d.keyFile: key} {
		if b == nil {
			continue
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

// wants says who is served now, and how many reports there have been.
func (d *desk) wants(name string, reports int) {
	d.t.Helper()
	got, err := d.source.Get(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	if got.Leaf.Subject.CommonName != name || len(d.reports) != reports {
		d.t.Fatalf("%s is served, with the reports %q; want %s and %d of them", got.Leaf.Subject.CommonName, d.reports, name, reports)
	}
}

// bubble runs f in a bubble of synctest, where sleeping takes no time.
func bubble(t *testing.T, f func(t *testing.T, d *desk, old, next pemPair)) {
	t.Helper()
	old, next := newPair(t, "old.example"), newPair(t, "new.example")
	synctest.Test(t, func(t *testing.T) { f(t, newDesk(t, old), old, next) })
}

func TestReload(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		d.wants("old.example", 0)
		d.write(next.cert, next.key)
		d.wants("old.example", 0) // looked at a moment ago
		time.Sleep(time.Second - time.Nanosecond)
		d.wants("old.example", 0)
		time.Sleep(time.Nanosecond)
		d.wants("new.example", 0)
		d.write(old.cert, old.key)
		time.Sleep(time.Second - time.Nanosecond)
		d.wants("new.example", 0)
		time.Sleep(time.Nanosecond)
		d.wants("old.example", 0)
	})
}

// Without a change the certificate is the same value.
func TestUnchanged(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		first, _ := d.source.Get(nil)
		time.Sleep(time.Minute)
		if again, _ := d.source.Get(nil); again != first {
			t.Error("taken up again, though nothing changed")
		}
	})
}

// A change that neither size nor time of the files shows.
func TestReloadSameSizeSameTime(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		size := max(len(old.cert), len(next.cert)) + 1
		pad := func(b []byte) []byte { return append(b[:len(b):len(b)], strings.Repeat("\n", size-len(b))...) }
		when := time.Unix(1_000_000_000, 0)
		for i, p := range []pemPair{old, next} {
			d.write(pad(p.cert), p.key)
			for _, name := range []string{d.certFile, d.keyFile} {
				if err := os.Chtimes(name, when, when); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			d.wants([]string{"old.example", "new.example"}[i], 0)
		}
	})
}

// The two files are written one after the other, with handshakes in between.
func TestHalfWritten(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(d *desk, next pemPair)
		want  string // in the report
	}{
		{"certificate-first", func(d *desk, next pemPair) { d.write(next.cert, nil) }, "does not match"},
		{"key-first", func(d *desk, next pemPair) { d.write(nil, next.key) }, "does not match"},
		{"certificate-cut", func(d *desk, next pemPair) { d.write(next.cert[:len(next.cert)/2], next.key) }, "PEM"},
		{"certificate-empty", func(d *desk, next pemPair) { d.write([]byte{}, nil) }, "PEM"},
		{"key-garbage", func(d *desk, next pemPair) { d.write(nil, []byte("\x00\xff")) }, "PEM"},
		{"key-missing", func(d *desk, next pemPair) { os.Remove(d.keyFile) }, called("tls.key")},
		{"certificate-missing", func(d *desk, next pemPair) { os.Remove(d.certFile) }, called("tls.crt")},
		{"too-large", func(d *desk, next pemPair) { d.write(make([]byte, 1<<20+1), nil) }, "larger than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
				tt.write(d, next)
				for range 3 { // reported once
					time.Sleep(time.Second)
					d.wants("old.example", 1)
				}
				if !strings.Contains(d.reports[0], tt.want) || !strings.HasPrefix(d.reports[0], "certs: the certificate in use stays: ") {
					t.Errorf("report %q, want one about %q", d.reports[0], tt.want)
				}
				d.write(next.cert, next.key)
				time.Sleep(time.Second)
				d.wants("new.example", 1)
			})
		})
	}
}

// called is how an error names a file.
func called(name string) string { return string(filepath.Separator) + name }

// Each change to another fault is reported, and the way back to what was is none.
func TestReportsEachChange(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		for i, cert := range []string{"a", "b", "a"} {
			d.write([]byte(cert), nil)
			time.Sleep(time.Second)
			d.wants("old.example", i+1)
		}
		d.write(old.cert, nil)
		time.Sleep(time.Second)
		d.wants("old.example", 3)
	})
}

// As Kubernetes does it: the names are links into a folder that is a link, which is swapped.
func TestSwappedLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	old, next := newPair(t, "old.example"), newPair(t, "new.example")
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, p := range map[string]pemPair{"..1": old, "..2": next} {
			must(os.Mkdir(filepath.Join(dir, name), 0o700))
			must(os.WriteFile(filepath.Join(dir, name, "tls.crt"), p.cert, 0o600))
			must(os.WriteFile(filepath.Join(dir, name, "tls.key"), p.key, 0o600))
		}
		d := &desk{t: t, certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key")}
		must(os.Symlink("..1", filepath.Join(dir, "..data")))
		must(os.Symlink(filepath.Join("..data", "tls.crt"), d.certFile))
		must(os.Symlink(filepath.Join("..data", "tls.key"), d.keyFile))
		var err error
		d.source, err = certs.New(d.certFile, d.keyFile, func(err error) { d.reports = append(d.reports, err.Error()) })
		must(err)
		d.wants("old.example", 0)
		must(os.Symlink("..2", filepath.Join(dir, "..tmp")))
		must(os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		must(os.RemoveAll(filepath.Join(dir, "..1")))
		time.Sleep(time.Second)
		d.wants("new.example", 0)
	})
}

// While one is at the files, or stuck in a report, others go on with what there is.
func TestOthersDoNotWait(t *testing.T) {
	old := newPair(t, "old.example")
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, old)
		stuck, release := make(chan struct{}), make(chan struct{})
		source, err := certs.New(d.certFile, d.keyFile, func(error) { close(stuck); <-release })
		if err != nil {
			t.Fatal(err)
		}
		d.source = source
		d.write([]byte("?"), nil)
		time.Sleep(time.Second)
		var wg sync.WaitGroup
		wg.Go(func() { source.Get(nil) })
		<-stuck
		for range 10 {
			d.wants("old.example", 0)
			time.Sleep(time.Second)
		}
		close(release)
		wg.Wait()
	})
}

func TestNewFails(t *testing.T) {
	p, other := newPair(t, "a.example"), newPair(t, "b.example")
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	cert, key := file("crt", p.cert), file("key", p.key)
	for _, tt := range []struct {
		name, cert, key string
		want            error // nil: any
	}{
		{"no-certificate", filepath.Join(dir, "none"), key, fs.ErrNotExist},
		{"no-key", cert, filepath.Join(dir, "none"), fs.ErrNotExist},
		{"folder", dir, key, nil},
		{"swapped", key, cert, nil},
		{"other-key", cert, file("other", other.key), nil},
		{"empty-name", "", "", fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := certs.New(tt.cert, tt.key, nil)
			if s != nil || err == nil || !strings.HasPrefix(err.Error(), "certs: ") || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("New = %v, %v; want %v", s, err, tt.want)
			}
		})
	}
}

// Nobody has to listen.
func TestReportNil(t *testing.T) {
	old := newPair(t, "old.example")
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, old)
		source, err := certs.New(d.certFile, d.keyFile, nil)
		if err != nil {
			t.Fatal(err)
		}
		d.source = source
		d.write([]byte("?"), nil)
		time.Sleep(time.Second)
		d.wants("old.example", 0)
	})
}

// Clients see the new certificate, and connections that stand are left alone.
func TestHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		served := func() string {
			ours, peer := net.Pipe()
			server := tls.Server(ours, &tls.Config{GetCertificate: d.source.Get})
			client := tls.Client(peer, &tls.Config{InsecureSkipVerify: true})
			go server.Handshake()
			defer ours.Close()
			defer peer.Close()
			if err := client.Handshake(); err != nil {
				t.Fatal(err)
			}
			return client.ConnectionState().PeerCertificates[0].Subject.CommonName
		}
		got := []string{served()}
		d.write(next.cert, next.key)
		time.Sleep(time.Second)
		got = append(got, served())
		if diff := cmp.Diff([]string{"old.example", "new.example"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestConcurrent(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					if c, err := d.source.Get(nil); c == nil || err != nil {
						t.Errorf("%v, %v", c, err)
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		for i := range 5 {
			p := []pemPair{old, next}[i%2]
			d.write(p.cert, p.key)
			time.Sleep(time.Second)
		}
		wg.Wait()
	})
}

func TestGetAllocs(t *testing.T) {
	d := newDesk(t, newPair(t, "a.example"))
	synctest.Test(t, func(t *testing.T) { // where no second passes
		source, err := certs.New(d.certFile, d.keyFile, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := testing.AllocsPerRun(100, func() { source.Get(nil) }); got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
}
