package main

import (
	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn/eventloop"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

// echo is a handler that echoes.
type echo struct{}

func (echo) OnMessage(c *app.Conn, text []byte) error { return c.SendTextBytes(text) }

func (echo) OnBinary(c *app.Conn, data []byte) error { return c.SendBinary(data) }

// everybody is the topic of a broadcast.
const everybody = "everybody"

// member is a handler that sends each message to all.
type member struct{}

func (member) OnOpen(c *app.Conn) error { return c.Join(everybody) }

func (member) OnBinary(c *app.Conn, data []byte) error {
	_, err := c.To(everybody).Binary(data)
	return err
}

// serveApp serves with the framework.
func serveApp(o peer.Options, e *eventloop.Engine) error {
	cfg := app.Config{Addr: o.Addr, Engine: e, Limits: limits(o)}
	if o.TLS {
		var err error
		if cfg.TLS, err = peer.TLSConfig(); err != nil {
			return err
		}
	}
	s, err := app.New(cfg)
	if err != nil {
		return err
	}
	handler := func() any { return echo{} }
	if o.Broadcast {
		handler = func() any { return member{} }
	}
	if err := s.Router().AddRoute("/", handler); err != nil {
		return err
	}
	return s.ServeForever()
}
