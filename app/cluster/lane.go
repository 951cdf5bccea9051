package cluster

import (
	"hash/maphash"
	"runtime"

	"github.com/nats-io/nats.go"
)

// Messages of topics come in by a few lanes, each a channel with a goroutine: one for
// each topic would be too many, one for all too slow. A topic keeps its lane, so that
// its order stays.

// laneLength is how many messages may wait in a lane. Past it NATS drops those of topics
// without history; with history they are read from the stream.
const laneLength = 16 << 10

var laneSeed = maphash.MakeSeed()

func (c *Cluster) startLanes() {
	c.lanes = make([]chan *nats.Msg, 2*runtime.GOMAXPROCS(0))
	for i := range c.lanes {
		lane := make(chan *nats.Msg, laneLength)
		c.lanes[i] = lane
		c.running.Go(func() { c.drive(lane) })
	}
}

// lane returns a topic's lane.
func (c *Cluster) lane(topic string) chan *nats.Msg {
	return c.lanes[maphash.String(laneSeed, topic)%uint64(len(c.lanes))]
}

// drive hands a lane's messages to their subscriptions.
func (c *Cluster) drive(lane chan *nats.Msg) {
	for {
		select {
		case m := <-lane:
			if s := c.subs.find(m.Sub); s != nil {
				s.handle(m)
			}
		case <-c.ctx.Done():
			return
		}
	}
}
