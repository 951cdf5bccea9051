package main

import (
	"context"

	"github.com/godwit-ws/godwit/conn"
)

// echoHooks sends every message back as it came.
type echoHooks struct{}

func (echoHooks) OnOpen(*conn.Conn) error { return nil }

func (echoHooks) OnMessage(c *conn.Conn, op conn.Opcode, p []byte) error {
	return c.Write(context.Background(), op, p)
}

func (echoHooks) OnClose(*conn.Conn, *conn.CloseError) {}
