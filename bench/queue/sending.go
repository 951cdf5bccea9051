package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// sending sends messages from one node to another over loopback, on one connection with
// so many on their way; each is acknowledged once it is stored.
func sending(name string, m medium, n, queued, inFlight int, aim float64) measurement {
	title := fmt.Sprintf("send, acknowledged, stored %v, %d on their way", m, inFlight)
	if inFlight == 1 {
		title = fmt.Sprintf("send, acknowledged, stored %v, one at a time", m)
	}
	return measurement{name: name, title: behind(title, queued), n: n, aim: aim, run: func(ctx context.Context, l *lab, n int) (o outcome, err error) {
		queued := l.scaled(queued)
		s, end, err := l.open(m)
		if err != nil {
			return o, err
		}
		if err = l.fill(ctx, s, queued); err == nil {
			o, err = sendAll(ctx, s, n, inFlight)
		}
		if err == nil {
			err = checkSent(s, queued, n+1)
		}
		if ended := end(); err == nil {
			err = ended
		}
		return o, err
	}}
}

// sendAll sends message 0 off the clock, to connect, and then n others.
func sendAll(ctx context.Context, s store.Store, n, inFlight int) (o outcome, err error) {
	quiet := slog.New(slog.DiscardHandler)
	to, from := app.NewNode(app.NodeConfig{Store: s, Logger: quiet}), app.NewNode(app.NodeConfig{Logger: quiet})
	defer to.Stop(ctx) // what counts has been checked by then
	defer from.Stop(ctx)
	if err := to.StartAddr("127.0.0.1:0"); err != nil {
		return o, err
	}
	port := to.Addr().(*net.TCPAddr).Port
	send := func(i int) error { return from.Send(ctx, "127.0.0.1", port, "聊天", "文本", content(i)) }
	if err := send(0); err != nil {
		return o, err
	}
	return clock(n, func() error {
		return inParallel(inFlight, n, func(i int) error { return send(i + 1) })
	})
}

// checkSent looks whether messages 0 to n-1 are in the store behind the first few, each
// once.
func checkSent(s store.Store, behind, n int) error {
	if s.Len() != behind+n {
		return fmt.Errorf("%w: %d messages, want %d", errWrong, s.Len(), behind+n)
	}
	seen, at := make([]bool, n), 0
	for m, err := range s.All() {
		if err != nil {
			return err
		}
		if at++; at <= behind {
			continue
		}
		var sent struct {
			Content string `json:"数据内容"`
		}
		if err := json.Unmarshal(m.Payload, &sent); err != nil {
			return err
		}
		var i int
		if _, err := fmt.Sscanf(sent.Content, "%d", &i); err != nil || i < 0 || i >= n || seen[i] || sent.Content != content(i) {
			return fmt.Errorf("%w: it has %q", errWrong, sent.Content)
		}
		seen[i] = true
	}
	return nil
}
