//go:build race

package bufpool_test

// raceEnabled reports whether the race detector is on.
const raceEnabled = true
