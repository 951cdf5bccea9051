package app_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
)

func TestPosition(t *testing.T) {
	tests := map[string]struct {
		text string
		want app.Position
		ok   bool
	}{
		"none":             {"", app.Position{}, true},
		"first":            {"E-0", app.Position{Epoch: "E", Seq: 0}, true},
		"largest":          {"a_9-18446744073709551615", app.Position{Epoch: "a_9", Seq: math.MaxUint64}, true},
		"longest-epoch":    {strings.Repeat("x", app.MaxEpoch) + "-1", app.Position{Epoch: strings.Repeat("x", app.MaxEpoch), Seq: 1}, true},
		"too-long-epoch":   {strings.Repeat("x", app.MaxEpoch+1) + "-1", app.Position{}, false},
		"too-large":        {"E-18446744073709551616", app.Position{}, false},
		"no-epoch":         {"-1", app.Position{}, false},
		"no-number":        {"E-", app.Position{}, false},
		"no-hyphen":        {"E", app.Position{}, false},
		"two-hyphens":      {"E-1-2", app.Position{}, false},
		"negative":         {"E--1", app.Position{}, false},
		"leading-zero":     {"E-01", app.Position{}, false},
		"plus":             {"E-+1", app.Position{}, false},
		"letter-of-others": {"é-1", app.Position{}, false},
		"dot":              {"a.b-1", app.Position{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := app.ParsePosition(tt.text)
			if got != tt.want || (err == nil) != tt.ok || err != nil && !errors.Is(err, app.ErrPosition) {
				t.Fatalf("ParsePosition(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
			}
			if tt.ok && got.String() != tt.text {
				t.Errorf("String = %q, want %q", got.String(), tt.text)
			}
		})
	}
}

func TestPositionJSON(t *testing.T) {
	in := struct{ At app.Position }{app.Position{Epoch: "E", Seq: 7}}
	text, err := json.Marshal(in)
	if string(text) != `{"At":"E-7"}` || err != nil {
		t.Fatalf("Marshal = %s, %v", text, err)
	}
	out := in
	out.At = app.Position{}
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("Unmarshal = %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"At":"?"}`), &out); !errors.Is(err, app.ErrPosition) {
		t.Errorf("Unmarshal of nonsense: %v", err)
	}
}
