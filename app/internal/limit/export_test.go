package limit

// Most is for how many clients the map is large enough.
func (c *Counter) Most() int { return c.most }

// Live is how many clients have connections.
func (c *Counter) Live() int { return len(c.live) }

// Tracked is how many clients are kept in mind, and Buckets for how many there is memory.
func (r *Rate) Tracked() int { return len(r.index) }
func (r *Rate) Buckets() int { return len(r.wheel.buckets) - firstOwned }
