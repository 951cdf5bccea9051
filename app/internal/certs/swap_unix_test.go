//go:build unix

package certs_test

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// The pair is swapped after one file was read and before the other: nothing is wrong, so nothing is
// reported. A pipe in the place of the key tells the test where the reading stands.
func TestSwapBetweenReads(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk, old, next pemPair) {
		time.Sleep(time.Second)
		if err := os.Remove(d.keyFile); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(d.keyFile, 0o600); err != nil {
			t.Skip(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.source.Get(nil)
		}()
		pipe, err := os.OpenFile(d.keyFile, os.O_WRONLY, 0) // waits for the reader, who has the old certificate by then
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(d.keyFile); err != nil {
			t.Fatal(err)
		}
		d.write(next.cert, next.key)
		if _, err := pipe.Write(next.key); err != nil {
			t.Fatal(err)
		}
		if err := pipe.Close(); err != nil {
			t.Fatal(err)
		}
		<-done
		d.wants("new.example", 0)
	})
}
