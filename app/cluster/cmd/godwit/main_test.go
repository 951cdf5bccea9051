package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/app/client"
	"github.com/godwit-ws/godwit/app/cluster"
)

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		err  error
	}{
		"none":     {nil, nil},
		"peers":    {[]string{"-peers", "a:1,b:2", "-name", "n"}, nil},
		"help":     {[]string{"-h"}, flag.ErrHelp},
		"unknown":  {[]string{"-what"}, errUsage},
		"leftover": {[]string{"serve"}, errUsage},
		"no-time":  {[]string{"-keep-for", "x"}, errUsage},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := parse(tt.args, io.Discard)
			if !errors.Is(err, tt.err) {
				t.Fatalf("parse(%q): %v, want %v", tt.args, err, tt.err)
			}
			if name == "peers" && strings.Join(a.embed.Routes, " ") != "a:1 b:2" {
				t.Errorf("Routes = %q", a.embed.Routes)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	config := func(args ...string) cluster.Config {
		t.Helper()
		a, err := parse(args, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return a.config(nil)
	}
	alone := config("-nats-token", "s", "-keep", "0")
	if alone.Embed == nil || alone.Embed.Token != "s" || alone.URL != "" || alone.Retain("x").Keeps() {
		t.Errorf("alone: %+v", alone)
	}
	joined := config("-join", "nats://x", "-nats-token", "s", "-wait", "-keep", "7", "-keep-for", "1h")
	if joined.Embed != nil || joined.Token != "s" || joined.URL != "nats://x" || joined.Down != cluster.Wait ||
		joined.Retain("x") != (app.Retention{MaxMessages: 7, MaxAge: time.Hour}) {
		t.Errorf("joined: %+v", joined)
	}
}

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// start runs a node and returns its address and its log.
func start(t *testing.T, args ...string) (addr string, log *lines) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, log = l.Addr().String(), new(lines)
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, append(args, "-addr", addr), log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v\n%s", err, log)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr, log
		}
		if time.Now().After(deadline) {
			t.Fatalf("the node doesn't start:\n%s", log)
		}
	}
}

// A node with NATS inside, and one that joins it by the line that it logs.
func TestTwoNodes(t *testing.T) {
	one, log := start(t, "-data", t.TempDir(), "-nats-token", "secret")
	_, rest, ok := strings.Cut(log.String(), "-join ")
	if !ok {
		t.Fatalf("the log doesn't say how to join:\n%s", log)
	}
	two, _ := start(t, "-join", strings.Fields(strings.Trim(rest, `"`))[0][:len("nats://127.0.0.1:12345")], "-nats-token", "secret")
	heard := make(chan string, 1)
	ready := make(chan struct{})
	listener, err := client.New(client.Config{URL: "ws://" + two + "/live"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	listener.Subscribe("x", client.Subscription{
		OnMessage: func(m client.Message) { heard <- string(m.Data) },
		OnLive:    func(int, bool) { close(ready) },
	})
	<-ready
	speaker, err := client.New(client.Config{URL: "ws://" + one + "/live"})
	if err != nil {
		t.Fatal(err)
	}
	defer speaker.Close()
	if at, err := speaker.Publish(t.Context(), "x", client.JSON(7)); at == "" || err != nil {
		t.Errorf("Publish = %q, %v", at, err)
	}
	if got := <-heard; got != "7" {
		t.Errorf("heard %q", got)
	}
	for path, want := range map[string]string{"/": "Godwit chat", "/godwit.js": "export function connect", "/health": " of ["} {
		r, err := http.Get(fmt.Sprint("http://", one, path))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("GET %s = %d %.100s", path, r.StatusCode, body)
		}
	}
}

func TestRunFails(t *testing.T) {
	if err := run(t.Context(), []string{"-join", "nats://127.0.0.1:1"}, io.Discard); !errors.Is(err, cluster.ErrUnavailable) {
		t.Errorf("no NATS: %v", err)
	}
	if err := run(t.Context(), []string{"-data", t.TempDir(), "-addr", "nowhere"}, io.Discard); err == nil {
		t.Error("ran at an address that is none")
	}
}
