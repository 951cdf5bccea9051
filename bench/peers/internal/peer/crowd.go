package peer

import "sync"

// Crowd is the connections that a broadcast goes to. All methods may be called at any
// time; the zero value has nobody in it.
type Crowd[C comparable] struct {
	mu    sync.RWMutex
	conns map[C]struct{}
}

// Join adds a connection.
func (c *Crowd[C]) Join(conn C) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns == nil {
		c.conns = make(map[C]struct{})
	}
	c.conns[conn] = struct{}{}
}

// Leave takes a connection away.
func (c *Crowd[C]) Leave(conn C) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

// Each calls send for all connections, while nobody joins or leaves.
func (c *Crowd[C]) Each(send func(C)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for conn := range c.conns {
		send(conn)
	}
}
