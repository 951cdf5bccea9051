package load

import (
	"context"
	"time"
)

// maxNap is how long the pacer sleeps at a time, at the most: it then looks whether
// the run was ended.
const maxNap = 10 * time.Millisecond

// pace wakes each connection whenever a message of it is due, until all have been.
// The connections take turns. It is one goroutine for all of them because it sleeps
// by the system's clock where it can (nap): the timers of Go's runtime may be a
// millisecond late, and that much would be added to every latency.
func pace(ctx context.Context, c *clock, schedules []schedule, wake []chan struct{}) {
	for k := 0; ; k++ {
		i, of := k%len(schedules), k/len(schedules)
		if of >= schedules[0].count {
			return // the first connection has as many messages as any
		}
		if of >= schedules[i].count {
			continue
		}
		due := schedules[i].due(of)
		for now := c.now(); now < due; now = c.now() {
			if ctx.Err() != nil {
				return
			}
			nap(min(due-now, maxNap))
		}
		select {
		case wake[i] <- struct{}{}:
		default: // it is awake
		}
	}
}
