package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
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

// measure starts a server, runs a scenario against it, and stops it.
func measure(ctx context.Context, p *programs, s *server, sc *scenario, t timing) (f figures, err error) {
	l := listen{compress: sc.compress}
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
	defer cmd.Wait() // it was killed: how it ended doesn't matter
	defer cmd.Process.Kill()
	err = awaitListener(ctx, l.addr)
	if err == nil {
		f, err = drive(ctx, p, s, sc, t, l, cmd.Process.Pid)
	}
	if err != nil {
		err = fmt.Errorf("%s, %s: %w\n%s", s.name, sc.name, err, said.Bytes())
	}
	return f, err
}

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
			return fmt.Errorf("it doesn't listen: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// drive runs godwit bench against a server.
func drive(ctx context.Context, p *programs, s *server, sc *scenario, t timing, l listen, pid int) (figures, error) {
	args := append([]string{"bench", s.url(l.addr), "--json", "--pid", strconv.Itoa(pid),
		"--warmup", t.warmUp.String(), "--duration", t.duration.String()}, sc.args...)
	cmd := exec.CommandContext(ctx, p.path("godwit"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	allocs := -1.0 // a second
	if s.isGo() && !sc.memory {
		allocs = allocations(ctx, l.admin, t)
	}
	if err := cmd.Wait(); err != nil {
		return figures{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	f, err := parse(out.Bytes())
	f.allocs = -1
	if allocs >= 0 && f.rate > 0 {
		f.allocs = allocs / f.rate
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
			CPUPerMessage       float64 `json:"cpu_per_message"`
			MemoryPerConnection float64 `json:"memory_per_connection"`
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
		memory:    r.Server.MemoryPerConnection,
	}, err
}

// allocations returns how many objects a second a server allocates in the middle of
// a run that has just begun; negative if that can't be read.
func allocations(ctx context.Context, admin string, t timing) float64 {
	begin, end := t.warmUp+t.duration/5, t.warmUp+t.duration*9/10
	pause(ctx, begin)
	first, err := mallocs(ctx, admin)
	if err != nil {
		return -1
	}
	start := time.Now()
	pause(ctx, end-begin)
	second, err := mallocs(ctx, admin)
	if err != nil {
		return -1
	}
	return float64(second-first) / time.Since(start).Seconds()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// mallocs reads how many objects a server has allocated.
func mallocs(ctx context.Context, admin string) (n uint64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/debug/vars", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	var vars struct {
		Memstats struct{ Mallocs uint64 }
	}
	err = json.NewDecoder(resp.Body).Decode(&vars)
	return vars.Memstats.Mallocs, err
}
