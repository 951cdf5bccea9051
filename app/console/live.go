package console

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// MaxRows is how many connections, and how many topics, the page shows: the newest
// connections, and the topics with the most members.
const MaxRows = 200

// freshness is how long figures are good for.
const freshness = 500 * time.Millisecond

// maxPath is how many bytes of a connection's path are shown.
const maxPath = 200

// watch takes the server's figures for the page.
type watch struct {
	srv   *app.Server
	since time.Time

	mu   sync.Mutex // guards last; held while figures are taken, so that one does it for all
	last *snapshot
	at   time.Time
}

// snapshot is the answer to ?live. Times are in milliseconds.
type snapshot struct {
	At     int64   `json:"at"`     // since the console was made
	Stats  figures `json:"stats"`  // of the server
	Conns  []row   `json:"conns"`  // at most MaxRows, the newest first
	Topics []topic `json:"topics"` // at most MaxRows, the largest first
}

// figures are an app.Stats.
type figures struct {
	Conns        int     `json:"conns"`
	Topics       int     `json:"topics"`
	Accepted     uint64  `json:"accepted"`
	Refused      uint64  `json:"refused"`
	Dropped      uint64  `json:"dropped"`
	Disconnected uint64  `json:"disconnected"`
	In           traffic `json:"in"`
	Out          traffic `json:"out"`
}

type traffic struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
}

// row is a connection.
type row struct {
	ID     string  `json:"id"`
	Client string  `json:"client"` // "" where there is no address
	Route  string  `json:"route"`
	Path   string  `json:"path"`
	Age    int64   `json:"age"`
	In     traffic `json:"in"`
	Out    traffic `json:"out"`
}

type topic struct {
	Name    string `json:"name"`
	Members int    `json:"members"`
}

// snapshot returns figures that are fresh enough. They must not be changed.
func (w *watch) snapshot() *snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.last == nil || now.Sub(w.at) >= freshness {
		w.last, w.at = w.take(now), now
	}
	return w.last
}

func (w *watch) take(now time.Time) *snapshot {
	s := w.srv.Stats()
	return &snapshot{
		At: now.Sub(w.since).Milliseconds(),
		Stats: figures{
			Conns: s.Conns, Topics: s.Topics,
			Accepted: s.Accepted, Refused: s.Refused, Dropped: s.Dropped, Disconnected: s.Disconnected,
			In: traffic(s.Received), Out: traffic(s.Sent),
		},
		Conns:  w.conns(now),
		Topics: w.topics(),
	}
}

func (w *watch) conns(now time.Time) []row {
	newest := newestConns(w.srv)
	rows := make([]row, 0, len(newest))
	for _, c := range newest {
		in, out := c.Traffic()
		client := ""
		if addr := c.ClientAddress(); addr.IsValid() {
			client = addr.String()
		}
		path := c.Path()
		rows = append(rows, row{
			ID: c.ID(), Client: client, Route: c.Request().Pattern(), Path: path[:min(len(path), maxPath)],
			Age: now.Sub(c.ConnectedAt()).Milliseconds(), In: traffic(in), Out: traffic(out),
		})
	}
	return rows
}

// newestConns returns the newest connections, at most MaxRows, the newest first. It
// never holds more than twice as many.
func newestConns(srv *app.Server) []*app.Conn {
	var list []*app.Conn
	trim := func() {
		slices.SortFunc(list, func(a, b *app.Conn) int {
			return cmp.Or(b.ConnectedAt().Compare(a.ConnectedAt()), cmp.Compare(b.ID(), a.ID()))
		})
		list = list[:min(len(list), MaxRows)]
	}
	for c := range srv.Conns() {
		if list = append(list, c); len(list) == 2*MaxRows {
			trim()
		}
	}
	trim()
	return list
}

func (w *watch) topics() []topic {
	all := w.srv.Topics()
	slices.SortStableFunc(all, func(a, b app.TopicInfo) int { return cmp.Compare(b.Members, a.Members) })
	all = all[:min(len(all), MaxRows)]
	topics := make([]topic, 0, len(all))
	for _, t := range all {
		topics = append(topics, topic(t))
	}
	return topics
}
