package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/store"
)

// TestRun makes all measurements with few messages.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-scale", "0.0005", "-rounds", "2", "-dir", dir, "-out", dir}, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	text, err := os.ReadFile(filepath.Join(dir, "QUEUE.md"))
	if err != nil || string(text) != out.String() {
		t.Errorf("%v: the file has %d bytes, %d were printed", err, len(text), out.Len())
	}
	for _, m := range measurements() {
		switch {
		case m.seed && findPython(t.Context()).websockets == "":
		case strings.Count(progress.String(), " "+m.name+" ") != 2:
			t.Errorf("%s wasn't measured twice:\n%s", m.name, &progress)
		case m.title != "" && !strings.Contains(out.String(), "\n| "+m.title+" | "):
			t.Errorf("no row for %s:\n%s", m.title, &out)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind, %v", left, err)
	}
}

func TestBadFlags(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-only opera", "there is no opera"},
		{"-rounds 0", "rounds and scale must be positive"},
		{"-scale -1", "rounds and scale must be positive"},
		{"-scale NaN", "rounds and scale must be positive"},
		{"all", `unexpected argument "all"`},
	} {
		err := run(t.Context(), strings.Fields(tt.args), io.Discard, io.Discard)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.args, err, tt.want)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if err := run(t.Context(), []string{"-dir", missing}, io.Discard, io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("-dir of nothing: %v", err)
	}
}

// TestMeasurements looks at what would leave a row out without a word.
func TestMeasurements(t *testing.T) {
	known := make(map[string]bool)
	for _, m := range measurements() {
		if known[m.name] || m.n < 1 || m.seed != (m.title == "") {
			t.Errorf("measurement %+v", m)
		}
		known[m.name] = true
	}
	for _, c := range comparisons() {
		if !known[c.seed] || !known[c.ours] {
			t.Errorf("comparison %+v", c)
		}
	}
	for _, m := range makeMessages() {
		if len(m) < 220 || len(m) > 260 {
			t.Fatalf("a message of %d bytes", len(m))
		}
	}
}

// TestCheck gives wrong contents of a store to what is to find them.
func TestCheck(t *testing.T) {
	l := newLab(t.TempDir(), 1, python{})
	m := l.messages
	for _, tt := range []struct {
		name   string
		stored [][]byte
		order  order
		want   string // "" if it is right
	}{
		{"right", [][]byte{m[1], m[2], m[3]}, inOrder, ""},
		{"right-shuffled", [][]byte{m[3], m[1], m[2]}, anyOrder, ""},
		{"shuffled", [][]byte{m[1], m[3], m[2]}, inOrder, "message 1 is number 3"},
		{"missing", [][]byte{m[1], m[2]}, inOrder, "2 messages, want 3"},
		{"twice", [][]byte{m[1], m[2], m[2]}, anyOrder, "missing or there twice"},
		{"altered", [][]byte{m[1], m[2], []byte(`{"数据内容":"x"}`)}, anyOrder, "message 2 is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.NewMemory(store.Config{})
			defer s.Close()
			if err := s.AppendAll(t.Context(), tt.stored); err != nil {
				t.Fatal(err)
			}
			wantWrong(t, l.check(s, 1, 3, tt.order), tt.want)
		})
	}
}

func TestTakeWrong(t *testing.T) {
	l := newLab(t.TempDir(), 1, python{})
	s := store.NewMemory(store.Config{})
	defer s.Close()
	if err := l.fill(t.Context(), s, 2); err != nil {
		t.Fatal(err)
	}
	wantWrong(t, l.take(s, 0, 1), "")
	wantWrong(t, l.take(s, 0, 1), "is message 0")
	if err := l.take(s, 0, 1); !errors.Is(err, store.ErrEmpty) {
		t.Errorf("of an empty store: %v", err)
	}
}

func TestCheckSent(t *testing.T) {
	sent := func(text string) []byte { return []byte(`{"数据内容":"` + text + `"}`) }
	for _, tt := range []struct {
		name   string
		stored [][]byte
		want   string
	}{
		{"right", [][]byte{sent("before"), sent(content(1)), sent(content(0))}, ""},
		{"missing", [][]byte{sent("before"), sent(content(0))}, "2 messages, want 3"},
		{"twice", [][]byte{sent("before"), sent(content(0)), sent(content(0))}, `it has "00000000`},
		{"other", [][]byte{sent("before"), sent(content(0)), sent(content(2))}, `it has "00000002`},
		{"altered", [][]byte{sent("before"), sent(content(0)), sent("1")}, `it has "1"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.NewMemory(store.Config{})
			defer s.Close()
			if err := s.AppendAll(t.Context(), tt.stored); err != nil {
				t.Fatal(err)
			}
			wantWrong(t, checkSent(s, 1, 2), tt.want)
		})
	}
}

// wantWrong looks at an error that must say something, or not be there.
func wantWrong(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (!errors.Is(err, errWrong) || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestWithoutPython leaves out what needs it, and says so.
func TestWithoutPython(t *testing.T) {
	l := newLab(t.TempDir(), 0.01, python{})
	all := slices.DeleteFunc(measurements(), func(m measurement) bool { return !m.seed })
	results, err := runAll(t.Context(), io.Discard, l, all, 1)
	if len(results) != 0 || err != nil {
		t.Errorf("%v, %v", results, err)
	}
	for p, want := range map[python]string{
		{}:                                "no Python: the seed's way is left out",
		{path: "python3", version: "3.1"}: "Python 3.1 without the package websockets: sending the seed's way is left out",
		{path: "python3", version: "3.1", websockets: "10.4"}: "Python 3.1 with websockets 10.4",
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestBrokenPython is of an interpreter that fails: there are no figures then.
func TestBrokenPython(t *testing.T) {
	l := newLab(t.TempDir(), 0.01, python{path: "go", websockets: "1"}) // go -c is no command
	for _, m := range measurements() {
		if !m.seed {
			continue
		}
		if _, err := runAll(t.Context(), io.Discard, l, []measurement{m}, 1); err == nil || !strings.HasPrefix(err.Error(), m.name+": seed.py ") {
			t.Errorf("%s: error %.100v", m.name, err)
		}
	}
}

// TestCancelled ends between two measurements.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newLab(t.TempDir(), 0.001, python{})
	if _, err := runAll(ctx, io.Discard, l, measurements(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReport(t *testing.T) {
	of := func(values ...float64) (all []outcome) {
		for _, v := range values {
			all = append(all, outcome{perSecond: v, allocs: v / 1e6})
		}
		return all
	}
	r := &report{
		date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), machine: "2 cores", rounds: 3, scale: 1,
		python: python{path: "python3", version: "3.1", websockets: "10.4"}, measurements: measurements(),
		results: results{
			"append-memory":        of(1.9e6, 1.8e6, 2.1e6),
			"append-disk":          of(500_000),
			"append-disk-queued":   of(400_000, 600_000),
			"append-synced-queued": of(300),
			"open":                 {{perSecond: 2e6, allocs: -1}},
			"seed-append":          of(50),
		},
	}
	got := r.markdown()
	for _, want := range []string{
		"Measured on 2 January 2026: 2 cores; Python 3.1 with websockets 10.4. Medians of 3 rounds.",
		"| store, in memory | 1,900,000 | 16 % | 1.90 | ≥ 2,000,000 | **missed** |",
		"| store, on disk, synced within 100 ms | 500,000 | 0 % | 0.50 | ≥ 300,000 | met |",
		"| open a file, messages read | 2,000,000 | 0 % | - | ≥ 1,000,000 | met |",
		"| store a message on disk, 1,500 queued | 50 | 500,000 | 10,000 × |",
		"| the same, Godwit's synced at once | 50 | 300 | 6.00 × |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "| take") || strings.Contains(got, "This run did only") {
		t.Errorf("there is more than was measured:\n%s", got)
	}
	r.scale = 0.5
	if got := r.markdown(); !strings.Contains(got, "**This run did only 0.5 of each measurement") {
		t.Errorf("a part of a run looks like all of it:\n%s", got)
	}
}
