package load

import (
	"syscall"
	"time"
)

// nap sleeps for about d: some 50 µs longer, or less if a signal comes in between.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(d.Nanoseconds())
	syscall.Nanosleep(&t, nil)
}
