// Package figure works out figures of several rounds, and writes them for people.
package figure

import (
	"fmt"
	"slices"
)

// Median returns the middle of values, or the mean of the two middle ones. It sorts
// them. There is at least one.
func Median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// Rounds says what figures of so many rounds are.
func Rounds(n int) string {
	if n == 1 {
		return "One round only"
	}
	return fmt.Sprintf("Medians of %d rounds", n)
}

// Thousands gives a whole number, not negative, with commas between its thousands.
func Thousands(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
