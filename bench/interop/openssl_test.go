package interop_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/eventloop"
)

// TestOpenSSL has our client's bytes go to a server of ours, on goroutines and on
// loops, through OpenSSL's client, which changes its keys again and again: by itself,
// and asking for ours to be changed as well (RFC 8446 §4.6.3).
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl isn't installed")
	}
	loops, err := eventloop.New(eventloop.Config{Inline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer loops.Close()
	for _, server := range []struct {
		name string
		ours godwit
	}{{"accept", godwit{bare: true}}, {"loops", godwit{bare: true, loops: loops}}} {
		for _, version := range []string{"tls1_2", "tls1_3"} {
			t.Run(server.name+"/"+version, func(t *testing.T) { throughOpenSSL(t, server.ours, version) })
		}
	}
}

func throughOpenSSL(t *testing.T, ours godwit, version string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := ours.serve(ctx, terms{cert: newCertificate(t)})
	if err != nil {
		t.Fatal(err)
	}
	tunnel := newTunnel(t, version, s.url)
	d := conn.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return tunnel, nil }}
	c, err := d.Dial(ctx, "ws://a.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	client, served := &godwitSide{inbox: newInbox()}, <-s.accepted
	client.begin(c)
	for i := range 20 {
		if version == "tls1_3" {
			if err := tunnel.newKeys(i%2 == 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := deliver(ctx, client, served, conn.Binary, letters(1000)); err != nil {
			t.Fatalf("to the server, round %d: %v", i, err)
		}
		if err := deliver(ctx, served, client, conn.Binary, noise(100_000)); err != nil {
			t.Fatalf("to the client, round %d: %v", i, err)
		}
	}
	if err := c.Close(ctx, conn.CodeNormal, "bye"); err != nil {
		t.Error(err)
	}
	if err := expectClosed(ctx, served, conn.CodeNormal, "bye"); err != nil {
		t.Error(err)
	}
}

// tunnel is a connection through the process of openssl s_client. That reads
// commands from its input, too: a K or Q that comes first in what it reads at a time,
// so no write may begin with these letters or be longer than a pipe takes at once.
type tunnel struct {
	net.Conn // only what is overridden here is used
	*process
	changes int // of keys
}

func newTunnel(t *testing.T, version, url string) *tunnel {
	addr := strings.TrimPrefix(url, "wss://")
	return &tunnel{process: start(t, "openssl", "s_client", "-brief", "-"+version, "-connect", addr)}
}

// newKeys changes the keys of the client, and of the server if both is set, and
// returns when that is done.
func (n *tunnel) newKeys(both bool) error {
	command := "k\n"
	if both {
		command = "K\n"
	}
	if _, err := n.stdin.Write([]byte(command)); err != nil {
		return err
	}
	n.changes++
	for deadline := time.Now().Add(patience); strings.Count(n.stderr.String(), "KEYUPDATE") < n.changes; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the keys weren't changed; openssl says %s", n.stderr)
		}
	}
	return nil
}

func (n *tunnel) Read(p []byte) (int, error)  { return n.stdout.Read(p) }
func (n *tunnel) Write(p []byte) (int, error) { return n.stdin.Write(p) }
func (n *tunnel) Close() error                { return n.stdin.Close() }

func (*tunnel) LocalAddr() net.Addr              { return new(net.UnixAddr) }
func (*tunnel) RemoteAddr() net.Addr             { return new(net.UnixAddr) }
func (*tunnel) SetDeadline(time.Time) error      { return nil }
func (*tunnel) SetReadDeadline(time.Time) error  { return nil }
func (*tunnel) SetWriteDeadline(time.Time) error { return nil }
