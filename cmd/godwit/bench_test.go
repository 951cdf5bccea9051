package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shortRun is flags that make a run short.
var shortRun = []string{"--conns", "2", "--warmup", "0", "--duration", "50ms"}

// TestBench runs each mode that an echo server is enough for.
func TestBench(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--compress")
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"echo", nil, []string{"load", "2 connections, 125 bytes of binary", "messages", "latency"}},
		{"empty", []string{"--size", "0"}, []string{" 0 bytes of binary"}},
		{"flags", []string{"--depth", "8", "--size", "200", "--content", "json", "--compress"},
			[]string{"200 bytes of json, 8 in flight each, compressed"}},
		{"rate", []string{"--rate", "1000"}, []string{"1000 messages a second in all", "sent late by"}},
		{"churn", []string{"--mode", "churn"}, []string{"rounds"}},
		{"afresh", []string{"--compress", "--no-takeover"}, []string{"compressed without takeover"}},
		{"idle", []string{"--mode", "idle"}, []string{"opening"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := invoke(t, "", append(append([]string{"bench", s.url}, shortRun...), tt.args...)...)
			if got.code != exitOK || got.err != "" {
				t.Fatalf("%+v", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.out, want) {
					t.Errorf("no %q in\n%s", want, got.out)
				}
			}
		})
	}
}

// TestBenchJSON asks for both other outputs.
func TestBenchJSON(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	plot := filepath.Join(t.TempDir(), "latency.svg")
	got := invoke(t, "", append([]string{"bench", s.url, "--json", "--plot", plot}, shortRun...)...)
	if got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	var result struct {
		Messages *int64
		Latency  struct{ P50, P99 float64 }
	}
	if err := json.Unmarshal([]byte(got.out), &result); err != nil {
		t.Fatalf("%v in %s", err, got.out)
	}
	if result.Messages == nil || result.Latency.P99 < result.Latency.P50 {
		t.Errorf("%+v", result)
	}
	drawing, err := os.ReadFile(plot)
	if err != nil || !strings.HasPrefix(string(drawing), "<svg ") {
		t.Errorf("plot %.40q, %v", drawing, err)
	}
}

// TestBenchFails looks at the exit status where there are no figures.
func TestBenchFails(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"nobody-there", []string{"ws://" + freeAddress(t)}, "godwit bench: load: connection "},
		{"declined", []string{s.url, "--compress"}, "declines permessage-deflate"},
		{"plot-nowhere", []string{s.url, "--plot", filepath.Join(t.TempDir(), "no", "such.svg")}, "such.svg"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := invoke(t, "", append(append([]string{"bench"}, tt.args...), shortRun...)...)
			if got.code != exitFailure || got.out != "" || !strings.Contains(got.err, tt.want) {
				t.Errorf("%+v, want %q", got, tt.want)
			}
		})
	}
}
