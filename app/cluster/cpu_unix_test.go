//go:build unix

package cluster_test

import (
	"syscall"
	"time"
)

// processorTime returns how long this process has kept processors busy: what a figure on
// a machine with others on it can be made of.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
