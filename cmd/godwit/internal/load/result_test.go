package load_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
)

func TestResult(t *testing.T) {
	url := serve(t, hooks{message: echo})
	for _, tt := range []struct {
		name string
		cfg  load.Config
		text []string
		keys []string
	}{
		{"echo", load.Config{Depth: 3, Compress: true, Content: load.JSON, Size: 200},
			[]string{"echo to " + url, "3 in flight each", "compressed", "messages", "a second", "p99.9", "after 20ms"},
			[]string{"messages", "per_second", "latency"}},
		{"rate", load.Config{Rate: 1000},
			[]string{"1000 messages a second in all", "sent late by"},
			[]string{"messages", "latency", "lag"}},
		{"idle", load.Config{Mode: load.Idle},
			[]string{"idle to", "opening"},
			[]string{"messages", "latency", "opening"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.URL = url
			got := runUntilCounted(t, tt.cfg)
			var text strings.Builder
			if err := got.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.text {
				if !strings.Contains(text.String(), want) {
					t.Errorf("no %q in\n%s", want, &text)
				}
			}
			encoded, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var keys map[string]any
			if err := json.Unmarshal(encoded, &keys); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.keys {
				if _, ok := keys[want]; !ok {
					t.Errorf("no %q in %s", want, encoded)
				}
			}
			wantDrawing(t, got)
		})
	}
	wantDrawing(t, new(load.Result))
}

// wantDrawing checks that a plot is XML with the line and the texts.
func wantDrawing(t *testing.T, r *load.Result) {
	t.Helper()
	var b strings.Builder
	if err := r.WritePlot(&b); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	elements := make(map[string]int)
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, &b)
		}
		if e, ok := token.(xml.StartElement); ok {
			elements[e.Name.Local]++
		}
	}
	if elements["svg"] != 1 || elements["title"] != 1 || elements["path"] < 3 || elements["text"] < 4 {
		t.Errorf("elements %v in\n%s", elements, &b)
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Errorf("places that are none in\n%s", &b)
	}
}

// brokenWriter takes nothing.
type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestResultCannotBeWritten(t *testing.T) {
	var r load.Result
	if err := r.WriteText(brokenWriter{}); !errors.Is(err, errBroken) {
		t.Errorf("text: %v", err)
	}
	if err := r.WritePlot(brokenWriter{}); !errors.Is(err, errBroken) {
		t.Errorf("plot: %v", err)
	}
}
