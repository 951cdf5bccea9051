//go:build race

package frame_test

// raceEnabled says that the race detector, which allocates on its own account, is on.
const raceEnabled = true
