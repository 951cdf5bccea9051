package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/bench/internal/figure"
)

var update = flag.Bool("update", false, "write the results in SCALE.md anew")

// units are those of SCALE.md.
var units = map[string]float64{
	"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "µs": 1e-6, "ms": 1e-3, "s": 1,
}

// quantity is a number with its unit, with commas between thousands.
var quantity = regexp.MustCompile(`^([0-9,.]+) ?([A-Za-zµ]*)$`)

// parseQuantity returns the value in bytes or seconds, or as it is, and the unit.
func parseQuantity(text string) (value float64, unit string, err error) {
	m := quantity.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, "", fmt.Errorf("%q is no quantity", text)
	}
	factor, ok := units[m[2]]
	if !ok {
		return 0, "", fmt.Errorf("%q has no known unit", text)
	}
	value, err = strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	return value * factor, m[2], err
}

// showQuantity is the reverse, with three digits.
func showQuantity(value float64, unit string) string {
	value /= units[unit]
	digits := math.Pow(10, 2-math.Floor(math.Log10(value)))
	value = math.Round(value*digits) / digits
	text := strconv.FormatFloat(value, 'f', -1, 64)
	if value >= 1000 {
		text = figure.Thousands(value)
	}
	return strings.TrimSpace(text + " " + unit)
}

// evaluate works out sums of products and quotients of quantities and names.
func evaluate(expression string, names map[string]float64) (sum float64, err error) {
	for _, term := range strings.Split(expression, " + ") {
		product, divide := 1.0, false
		for _, word := range strings.Split(strings.NewReplacer(" × ", "\n×\n", " ÷ ", "\n÷\n").Replace(term), "\n") {
			if word == "×" || word == "÷" {
				divide = word == "÷"
				continue
			}
			value, ok := names[word]
			if !ok {
				if value, _, err = parseQuantity(word); err != nil {
					return 0, err
				}
			}
			if divide {
				value = 1 / value
			}
			product *= value
		}
		sum += product
	}
	return sum, nil
}

// near is how far apart two figures may be that were rounded to two digits or three.
const near = 0.05

// TestScale works out the results in SCALE.md and compares its values with RESULTS.md,
// where that has them.
func TestScale(t *testing.T) {
	// Absolute names: the test cache doesn't know that TestMain has changed folders.
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "SCALE.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	measured, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	names, checked := make(map[string]float64), 0
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		cells := strings.Split(line, " | ")
		name, isName := strings.CutPrefix(cells[0], "| `")
		var want float64
		var cell int
		switch {
		case len(cells) == 4 && isName:
			name, cell = strings.TrimSuffix(name, "`"), 2
			want, err = fromResults(string(measured), strings.TrimSuffix(cells[3], " |"))
		case len(cells) == 3 && strings.ContainsAny(cells[1], "×÷"):
			cell = 2
			want, err = evaluate(cells[1], names)
		default:
			continue
		}
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		got, unit, err := parseQuantity(strings.TrimSuffix(cells[cell], " |"))
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		checked++
		if want > 0 && *update {
			old := strings.TrimSuffix(cells[cell], " |")
			lines[i] = strings.Replace(line, "| "+old+" |", "| "+showQuantity(want, unit)+" |", 1)
			got = want
		}
		if want > 0 && math.Abs(got/want-1) > near {
			t.Errorf("line %d: %s, want %s (-update writes it):\n%s", i+1, cells[cell], showQuantity(want, unit), line)
		}
		if isName {
			names[name] = got
		}
	}
	if checked < 20 {
		t.Errorf("only %d lines were checked", checked)
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fromResults finds the figure of "scenario, server" in RESULTS.md; 0 if it isn't
// there.
func fromResults(results, from string) (float64, error) {
	name, server, _ := strings.Cut(from, ", ")
	_, section, ok := strings.Cut(results, "(charts/"+name+".svg)")
	if !ok {
		return 0, nil
	}
	section, _, _ = strings.Cut(section, "\n## ")
	_, row, ok := strings.Cut(section, "\n| **"+server+"** | ")
	if !ok {
		return 0, fmt.Errorf("RESULTS.md has no %s in %s", server, name)
	}
	figure, _, _ := strings.Cut(row, " |")
	value, _, err := parseQuantity(figure)
	return value, err
}

func TestFromResults(t *testing.T) {
	text := example().markdown()
	for _, tt := range []struct {
		from string
		want float64
		err  bool
	}{
		{"idle, godwit", 5000, false},
		{"idle, godwit-loop", 350, false},
		{"125B, godwit-loop", 6e-6, false},
		{"125B, godwit-pooled", 0, true},
		{"churn, godwit", 0, false},
		{"/proc/slabinfo, Linux", 0, false},
	} {
		got, err := fromResults(text, tt.from)
		if math.Abs(got-tt.want) > tt.want/1e6 || (err != nil) != tt.err {
			t.Errorf("%s: %v, %v; want %v", tt.from, got, err, tt.want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	names := map[string]float64{"a": 2e3}
	for expression, want := range map[string]string{
		"10 × a":             "20 KB",
		"1,000 ÷ 20 × 16 KB": "800 KB",
		"2 × a + 3 × 1 KB":   "7 KB",
		"1 ÷ 3":              "0.333",
		"2 × 666,667":        "1,330,000",
	} {
		got, err := evaluate(expression, names)
		_, unit, parsed := parseQuantity(want)
		if err != nil || parsed != nil || showQuantity(got, unit) != want {
			t.Errorf("%s is %s, %v, %v; want %s", expression, showQuantity(got, unit), err, parsed, want)
		}
	}
	for _, bad := range []string{"10 × b", "1 furlong"} {
		if got, err := evaluate(bad, names); err == nil {
			t.Errorf("%s is %v", bad, got)
		}
	}
}
