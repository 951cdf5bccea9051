//go:build !race

package router_test

// raceEnabled says that the race detector, which allocates on its own account, is on.
const raceEnabled = false
