//go:build race

package conformance_test

// raceEnabled says that the race detector is in.
const raceEnabled = true
