package conformance_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/internal/conformance"
)

// everything is what an endpoint with all abilities is asked for.
func everything() conformance.Options {
	return conformance.Options{Compression: true, MaxMessage: maxMessage, MaxFragments: maxFragments, Command: command}
}

// The official suite's cases are all there, by number.
func TestCasesOfTheOfficialSuite(t *testing.T) {
	want := map[string]int{
		"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37,
		"9": 54, "10": 1, "12": 90, "13": 126,
	}
	got := map[string]int{}
	total := 0
	for _, c := range conformance.Cases(everything()) {
		if !strings.HasPrefix(c.ID, "X") && !strings.Contains(c.ID, "-") {
			got[c.Section()]++
			total++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cases by section (-want +got):\n%s", diff)
	}
	if total != 517 {
		t.Errorf("%d cases, want 517", total)
	}
}

func TestCaseNames(t *testing.T) {
	id := regexp.MustCompile(`^X?[0-9]+(\.[0-9]+){1,2}(-deflate|-bytewise)?$`)
	seen := map[string]bool{}
	for _, c := range conformance.Cases(everything()) {
		if !id.MatchString(c.ID) || seen[c.ID] {
			t.Errorf("ID %q is malformed or there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || strings.Contains(c.Title, "\n") {
			t.Errorf("%s has title %q, want one line", c.ID, c.Title)
		}
	}
}

func TestCasesFollowOptions(t *testing.T) {
	sections := func(o conformance.Options) map[string]int {
		m := map[string]int{}
		for _, c := range conformance.Cases(o) {
			m[c.Section()]++
		}
		return m
	}
	all := sections(everything())
	none := sections(conformance.Options{})
	for _, section := range []string{"12", "13", "X8", "X9", "X12", "X13"} {
		if all[section] == 0 || none[section] != 0 {
			t.Errorf("section %s has %d cases with all options and %d without, want some and none", section, all[section], none[section])
		}
	}
	brief := sections(conformance.Options{Compression: true, Length: conformance.Brief})
	if diff := cmp.Diff(slices.Sorted(maps.Keys(brief)), slices.Sorted(maps.Keys(sections(conformance.Options{Compression: true})))); diff != "" {
		t.Errorf("sections at Length Brief (-brief +standard):\n%s", diff)
	}
	if brief["9"] >= all["9"] {
		t.Errorf("section 9 has %d cases at Length Brief and %d else, want fewer", brief["9"], all["9"])
	}
}

// Cases are as repeatable as data can make them.
func TestCasesAreTheSameEveryTime(t *testing.T) {
	type named struct{ ID, Title string }
	names := func() (all []named) {
		for _, c := range conformance.Cases(everything()) {
			all = append(all, named{c.ID, c.Title})
		}
		return all
	}
	if diff := cmp.Diff(names(), names()); diff != "" {
		t.Errorf("two lists differ:\n%s", diff)
	}
}
