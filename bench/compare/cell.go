package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// figures is what one run of a scenario against a server gave. Times are in
// seconds; what is 0 wasn't measured.
type figures struct {
	cpu       float64 // of the server, per message or connection
	generator float64 // CPU time of the load generator, likewise
	rate      float64 // messages or connections a second
	p50       float64
	p99       float64
	p999      float64
	allocs    float64 // per message; negative if it wasn't measured
	memory    float64 // bytes per connection
}

// timing is how long a run takes.
type timing struct{ warmUp, duration time.Duration }

// startTime is how long a server may take until it listens.
const startTime = 10 * time.Second

// errNothing says that no message came back while it counted, or that the server did
// nothing then: such a run has no figures, and 0 would be the best of all.
var errNothing = errors.New("nothing happened in the time that counts")

// attempts is how often a server may find that another program took its port in the
// moment after it was found free.
const attempts = 3

// errPortTaken says that this has happened.
var errPortTaken = errors.New("its port is taken")

// measure starts a server, runs a scenario against it, and stops it.
func measure(ctx context.Context, p *programs, s *server, sc *scenario, t timing) (f figures, err error) {
	for range attempts {
		if f, err = attempt(ctx, p, s, sc, t); !errors.Is(err, errPortTaken) {
			break
		}
	}
	return f, err
}

// attempt is measure without another one.
func attempt(ctx context.Context, p *programs, s *server, sc *scenario, t timing) (f figures, err error) {
	l := listen{does: sc.needs, busy: sc.busy}
	if l.addr, err = freeAddr(); err != nil {
		return f, err
	}
	if l.admin, err = freeAddr(); err != nil {
		return f, err
	}
	args := s.command(p, l)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return f, err
	}
	alive, end := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		cmd.Wait() // it is killed: how it ends doesn't matter
		end(errEnded)
		close(ended)
	}()
	if err = awaitListener(alive, l.addr); err == nil {
		f, err = drive(ctx, p, s, sc, t, l, cmd.Process.Pid)
	}
	if err == nil && alive.Err() != nil {
		err = context.Cause(alive) // somebody else has answered
	}
	cmd.Process.Kill()
	<-ended
	if err != nil && strings.Contains(strings.ToLower(said.String()), "address already in use") {
		err = fmt.Errorf("%w: %w", errPortTaken, err)
	}
	if err != nil {
		err = fmt.Errorf("%s, %s: %w\n%s", s.name, sc.name, err, said.Bytes())
	}
	return f, err
}

// errEnded says that a server has ended before it was stopped.
var errEnded = errors.New("it has ended")

// freeAddr returns a loopback address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitListener waits until somebody listens on addr.
func awaitListener(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it doesn't listen: %w (%w)", context.Cause(ctx), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// drive runs godwit bench against a server.
func drive(ctx context.Context, p *programs, s *server, sc *scenario, t timing, l listen, pid int) (figures, error) {
	args := append([]string{"bench", s.url(l.addr, sc), "--json", "--insecure", "--pid", strconv.Itoa(pid),
		"--warmup", t.warmUp.String(), "--duration", t.duration.String()}, sc.args...)
	counted := s.isGo() && sc.counts != memory
	if counted {
		args = append(args, "--vars", "http://"+l.admin+"/debug/vars")
	}
	cmd := exec.CommandContext(ctx, p.path("bench"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return figures{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	f, err := parse(out.Bytes())
	if err == nil && sc.counts != memory && (f.rate == 0 || f.cpu == 0) {
		err = errNothing
	}
	if !counted {
		f.allocs = -1
	}
	return f, err
}

// parse reads the result of godwit bench.
func parse(text []byte) (figures, error) {
	var r struct {
		PerSecond float64 `json:"per_second"`
		Latency   struct {
			P50, P99, P999 float64
		}
		Generator, Server struct {
			CPUPerMessage         float64 `json:"cpu_per_message"`
			MemoryPerConnection   float64 `json:"memory_per_connection"`
			AllocationsPerMessage float64 `json:"allocations_per_message"`
		}
	}
	err := json.Unmarshal(text, &r)
	return figures{
		cpu:       r.Server.CPUPerMessage,
		generator: r.Generator.CPUPerMessage,
		rate:      r.PerSecond,
		p50:       r.Latency.P50,
		p99:       r.Latency.P99,
		p999:      r.Latency.P999,
		allocs:    r.Server.AllocationsPerMessage,
		memory:    r.Server.MemoryPerConnection,
	}, err
}
