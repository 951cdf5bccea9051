package router_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/router"
)

// Random routes are added in random batches and random paths looked up: the router and its double
// must agree on what conflicts, what is found, and with which values.
func TestAgainstDouble(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	rounds := 60
	if testing.Short() || raceEnabled {
		rounds = 10
	}
	for round := range rounds {
		c := router.Config{IgnoreTrailingSlash: round%2 == 1}
		m := model{random: random, real: router.New[string](c), double: double{ignoreSlash: c.IgnoreTrailingSlash}}
		for range 1 + random.IntN(25) {
			m.add(t)
		}
		for range 150 {
			m.lookup(t, m.path())
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d, routes %q", seed, round, m.real.Routes())
		}
	}
}

// model is the two side by side.
type model struct {
	random *rand.Rand
	real   *router.Router[string]
	double double
}

// add adds one to three routes at once.
func (m *model) add(t *testing.T) {
	var batch []router.Route[string]
	var made [][]piece
	conflict := false
	trial := m.double // what is appended to a copy is forgotten with it
	for range 1 + m.random.IntN(3) {
		pieces := m.pieces()
		pattern := m.spell(pieces)
		conflict = conflict || trial.has(pieces)
		trial.routes = append(slices.Clip(trial.routes), doubleRoute{pattern, trial.counted(pieces)})
		made = append(made, pieces)
		batch = append(batch, router.Route[string]{Pattern: pattern, Handler: pattern})
	}
	err := m.real.Add(batch...)
	if conflict != errors.Is(err, router.ErrConflict) || errors.Is(err, router.ErrPattern) {
		t.Errorf("Add(%q) = %v, want conflict %v", batch, err, conflict)
	}
	if err != nil {
		return
	}
	for i, pieces := range made {
		m.double.add(batch[i].Pattern, pieces)
	}
}

// lookup compares what both find at path.
func (m *model) lookup(t *testing.T, path string) {
	t.Helper()
	pattern, values, status := m.double.lookup(path)
	var match router.Match
	got, err := m.real.Lookup(path, &match)
	gotStatus := 200
	if err != nil {
		gotStatus = router.Status(err)
	}
	var gotValues []string
	for _, value := range match.All() {
		gotValues = append(gotValues, value)
	}
	if got != pattern || gotStatus != status || !slices.Equal(gotValues, values) {
		t.Errorf("Lookup(%q) = %q %q, %d; want %q %q, %d", path, got, gotValues, gotStatus, pattern, values, status)
	}
}

// pieces makes up a route.
func (m *model) pieces() []piece {
	var made []piece
	for range m.random.IntN(4) {
		made = append(made, pieces[m.random.IntN(len(pieces))])
	}
	switch m.random.IntN(8) {
	case 0:
		return append(made, restPiece)
	case 1:
		return append(made, slashPiece)
	}
	if len(made) == 0 {
		return []piece{slashPiece}
	}
	return made
}

// spell writes a route in one of the ways it can be written.
func (m *model) spell(pieces []piece) string {
	var b strings.Builder
	names := 0
	for _, p := range pieces {
		for _, part := range strings.SplitAfter("/"+p.spellings[m.random.IntN(len(p.spellings))], "#") {
			if text, named := strings.CutSuffix(part, "#"); named {
				names++
				part = fmt.Sprintf("%sn%d_%d", text, names, m.random.IntN(3))
			}
			b.WriteString(part)
		}
	}
	return b.String()
}

// pathParts is what random paths are made of: something for every piece, and trouble.
var pathParts = []string{
	"a", "me", "7", "v1", "x.y%20z", "你好", "%E4%BD%A0%E5%A5%BD", "v42", "vv42", "vv", "v", "vx", "%76%31", "abc", "xyz", "zz",
	"42", "007", "-1", "-1.50", "1.5", "1.", "9223372036854775807", "9223372036854775808", "true", "false", "True",
	"123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-42661417400", "", "", ".", "..", "%2E%2e", "a%2Fb", "%2F", "a%2f..",
	"a.b", "a.b.c", ".b", "a.", "%00", "%", "%4", "%GG", "%FF", "\xff", "a%0Ab", "{int:n}", "?", "#",
}

// path makes up a path.
func (m *model) path() string {
	var b strings.Builder
	for range 1 + m.random.IntN(5) {
		b.WriteString("/" + pathParts[m.random.IntN(len(pathParts))])
	}
	if m.random.IntN(40) == 0 {
		return b.String()[1:]
	}
	return b.String()
}
