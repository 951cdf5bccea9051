//go:build !race

package limit_test

// raceEnabled says that the race detector, which allocates on its own account, is on.
const raceEnabled = false
