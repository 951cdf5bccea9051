package router

import (
	"path"
	"strings"
)

// Near returns the pattern of a route that a path without one misses by a slash or by the case of its
// letters: at the end, doubled, or in "." and "..". It is for the line in the log that says why a client
// got 404, and not for serving that route instead: two paths for one thing are two truths. It costs a
// few lookups and allocates. missed is a path as given to Lookup.
func (r *Router[H]) Near(missed string) (pattern string, found bool) {
	clean := path.Clean("/" + missed)
	lower := strings.ToLower(clean)
	var m Match
	for _, guess := range []string{clean, clean + "/", lower, lower + "/"} {
		if _, err := r.Lookup(guess, &m); err == nil {
			return m.Pattern(), true
		}
	}
	return "", false
}
