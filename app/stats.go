package app

import "sync/atomic"

// Stats are a server's figures since it was made.
type Stats struct {
	Conns        int     // that are up
	Topics       int     // that have members
	Buffered     int64   // bytes that count for Limits.MaxBuffered
	Accepted     uint64  // connections made
	Refused      uint64  // requests that became no connection
	Dropped      uint64  // messages of topics given up for slow members
	Disconnected uint64  // members closed with 1013 for being slow
	Received     Traffic // from peers, pings and pongs left out
	Sent         Traffic // to peers, topics' messages as often as they went out
}

// totals counts what is in Stats. Of the traffic it has that of connections which
// have ended.
type totals struct {
	accepted, refused     atomic.Uint64
	dropped, disconnected atomic.Uint64
	received, sent        traffic
}

func (t *traffic) add(n Traffic) {
	t.messages.Add(n.Messages)
	t.bytes.Add(n.Bytes)
}

// Stats returns the server's figures. It looks at every connection.
func (s *Server) Stats() Stats {
	received, sent := s.conns.traffic(&s.totals)
	return Stats{
		Conns:        s.conns.len(),
		Topics:       s.topics.len(),
		Buffered:     s.up.Buffered(),
		Accepted:     s.totals.accepted.Load(),
		Refused:      s.totals.refused.Load(),
		Dropped:      s.totals.dropped.Load(),
		Disconnected: s.totals.disconnected.Load(),
		Received:     received,
		Sent:         sent,
	}
}

func (t Traffic) plus(n Traffic) Traffic {
	return Traffic{t.Messages + n.Messages, t.Bytes + n.Bytes}
}
