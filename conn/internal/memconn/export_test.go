package memconn

// Ring is ring for tests.
type Ring struct{ r ring }

func (r *Ring) Write(p []byte) int { return r.r.write(p) }
func (r *Ring) Read(p []byte) int  { return r.r.read(p) }
func (r *Ring) Len() int           { return r.r.len() }
func (r *Ring) Drop()              { r.r.drop() }

// Held is the size of the buffer the ring owns.
func (r *Ring) Held() int { return len(r.r.buf) }

// Held is the size of the buffers that hold what was sent to c and by c.
func Held(c *Conn) (in, out int) {
	c.in.mu.Lock()
	in = len(c.in.buf.buf)
	c.in.mu.Unlock()
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return in, len(c.out.buf.buf)
}

// Turns is turns for tests.
type Turns struct{ t turns }

func (t *Turns) Take() uint64           { return t.t.take() }
func (t *Turns) IsNow(turn uint64) bool { return t.t.isNow(turn) }
func (t *Turns) End()                   { t.t.end() }
func (t *Turns) GiveUp(turn uint64)     { t.t.giveUp(turn) }

// Kept is the number of turns that were given up and not passed yet.
func (t *Turns) Kept() int { return len(t.t.givenUp) }
