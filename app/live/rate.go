package live

import "time"

// maxRefused is how many requests in a row may come too soon.
const maxRefused = 100

// rate counts requests: so many a second, and twice as many at once. It belongs to
// the connection's hooks.
type rate struct {
	allowance float64
	at        time.Time
	refused   int // in a row
}

// over takes one request off, at perSecond; none if that isn't above 0. It returns 0,
// or how many in a row were too many.
func (r *rate) over(perSecond int) int {
	if perSecond <= 0 {
		return 0
	}
	now := time.Now()
	full := 2 * float64(perSecond)
	r.allowance = min(full, r.allowance+now.Sub(r.at).Seconds()*float64(perSecond))
	r.at = now
	if r.allowance < 1 {
		r.refused++
		return r.refused
	}
	r.allowance--
	r.refused = 0
	return 0
}

// spend takes n more off for a request that costs the server as much as so many, or
// everything if that is less. It reports false, and takes nothing, if there isn't as
// much.
func (r *rate) spend(perSecond, n int) bool {
	cost := min(float64(n), 2*float64(perSecond)-1)
	if perSecond <= 0 || cost <= 0 {
		return true
	}
	if r.allowance < cost {
		return false
	}
	r.allowance -= cost
	return true
}
