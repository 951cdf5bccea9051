package load

import (
	"context"
	"time"
)

// clock is the time of a run: durations since it began, and the part of it that
// counts.
type clock struct {
	base       time.Time
	begin, end time.Duration // what counts: from begin on, before end
}

func newClock(cfg *Config) clock {
	return clock{base: time.Now(), begin: cfg.WarmUp, end: cfg.WarmUp + cfg.Duration}
}

func (c *clock) now() time.Duration { return time.Since(c.base) }

func (c *clock) counts(at time.Duration) bool { return at >= c.begin && at < c.end }

// sleepUntil waits for a time of the clock, and returns ctx's cause if that ends
// first.
func (c *clock) sleepUntil(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(at - c.now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
