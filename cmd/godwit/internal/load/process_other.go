//go:build !linux

package load

import "time"

// cpuTime returns ErrServerStats: see process_linux.go.
func cpuTime(pid int) (time.Duration, error) { return 0, ErrServerStats }

// memory returns ErrServerStats.
func memory(pid int) (int64, error) { return 0, ErrServerStats }
