//go:build unix

package certs_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app/internal/certs"
)

// The pair is swapped after one file was read and before the other: nothing is wrong, so nothing is
// reported. A pipe in the place of the key lets the test know where the reading stands.
func TestSwapBetweenReads(t *testing.T) {
	old, next := newPair(t, "old.example"), newPair(t, "new.example")
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := &desk{t: t, certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key")}
		if err := syscall.Mkfifo(d.keyFile, 0o600); err != nil {
			t.Skip(err)
		}
		d.write(old.cert, nil)
		done := make(chan error, 1)
		go func() {
			var err error
			d.source, err = certs.New(d.certFile, d.keyFile, func(err error) { d.reports = append(d.reports, err.Error()) })
			done <- err
		}()
		handOver(t, d.keyFile, old.key, nil)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		go func() {
			_, err := d.source.Get(nil)
			done <- err
		}()
		handOver(t, d.keyFile, next.key, func() { d.write(next.cert, nil) }) // the old certificate has been read
		handOver(t, d.keyFile, next.key, nil)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		d.wants("new.example", 0)
	})
}

// handOver waits for a reader of the pipe, calls between, writes b and waits until the reader has
// closed its end, so that the next reader is another one.
func handOver(t *testing.T, pipe string, b []byte, between func()) {
	t.Helper()
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if between != nil {
		between()
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
