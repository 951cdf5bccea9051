package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// varsTimeout bounds a reading of the server's variables.
const varsTimeout = 10 * time.Second

// heap is how many objects a server in Go had allocated at a time of the clock.
type heap struct {
	mallocs uint64
	at      time.Duration
}

// rateSince returns how many objects were allocated a second between two readings.
func (h heap) rateSince(earlier heap) float64 {
	if h.at <= earlier.at {
		return 0
	}
	return float64(h.mallocs-earlier.mallocs) / seconds(h.at-earlier.at)
}

// heap reads the server's variables. Without Config.ServerVars it does nothing.
func (r *run) heap(ctx context.Context) (h heap, err error) {
	if r.cfg.ServerVars == "" {
		return h, nil
	}
	ctx, cancel := context.WithTimeout(ctx, varsTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.cfg.ServerVars, nil)
	if err != nil {
		return h, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, fmt.Errorf("load: the server's variables: %w", err)
	}
	defer resp.Body.Close()
	var vars struct {
		Memstats *struct{ Mallocs uint64 }
	}
	err = json.NewDecoder(resp.Body).Decode(&vars)
	switch {
	case err != nil:
		return h, fmt.Errorf("load: the server's variables at %s: %w", r.cfg.ServerVars, err)
	case vars.Memstats == nil:
		return h, fmt.Errorf("load: no memstats among the variables at %s", r.cfg.ServerVars)
	}
	return heap{mallocs: vars.Memstats.Mallocs, at: r.clock.now()}, nil
}
