package app

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn"
)

// SendText sends a text message. It returns once the message is written, or queued
// behind one that is being written (Limits.MaxQueued). After the end the error Is
// ErrClosed; text that isn't UTF-8 is conn.ErrNotUTF8, and nothing is sent.
func (c *Conn) SendText(text string) error {
	return c.count(len(text), c.ws.WriteText(context.Background(), text))
}

// SendTextBytes is SendText of bytes, which are the caller's again when it returns.
func (c *Conn) SendTextBytes(text []byte) error { return c.Send(context.Background(), conn.Text, text) }

// SendBinary sends a binary message, as SendText does.
func (c *Conn) SendBinary(data []byte) error { return c.Send(context.Background(), conn.Binary, data) }

// SendJSON sends v as a text message of JSON.
func (c *Conn) SendJSON(v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("app: send JSON: %w", err)
	}
	return c.SendTextBytes(p)
}

// Send sends a message under a context, as conn.Conn's Write does.
func (c *Conn) Send(ctx context.Context, op conn.Opcode, p []byte) error {
	return c.count(len(p), c.ws.Write(ctx, op, p))
}

// SendPrepared sends a message that was encoded once for many connections.
func (c *Conn) SendPrepared(m *conn.Prepared) error {
	return c.count(m.Len(), c.ws.WritePrepared(context.Background(), m))
}

// SendChunked sends data in binary messages of size bytes each, the last one being
// what is left: 2500 bytes in chunks of 1024 are three messages. A size below 1 is
// an error.
func (c *Conn) SendChunked(data []byte, size int) error {
	if size < 1 {
		return fmt.Errorf("app: chunks of %d bytes: the size must be 1 or more", size)
	}
	for len(data) > size {
		if err := c.SendBinary(data[:size]); err != nil {
			return err
		}
		data = data[size:]
	}
	return c.SendBinary(data)
}

// SendFragmented sends one message in frames of size bytes each, 16 KiB at most and
// before compression (RFC 6455 §5.4), between which control frames may pass. A size
// below 1 is an error, and text that isn't UTF-8 is conn.ErrNotUTF8; nothing is sent
// then.
func (c *Conn) SendFragmented(op conn.Opcode, p []byte, size int) error {
	if size < 1 {
		return fmt.Errorf("app: fragments of %d bytes: the size must be 1 or more", size)
	}
	if op == conn.Text && !utf8.Valid(p) { // once a part of it is sent there is no way back
		return conn.ErrNotUTF8
	}
	w, err := c.ws.Writer(context.Background(), op)
	if err != nil {
		return err
	}
	n := len(p)
	for len(p) > size {
		if _, err := w.Write(p[:size]); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		p = p[size:]
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return c.count(n, w.Close())
}

// Flush writes what a running hook has sent so far, without waiting for its end.
func (c *Conn) Flush() error { return c.ws.Flush(context.Background()) }

// count counts a message of n bytes that was sent.
func (c *Conn) count(n int, err error) error {
	if err == nil {
		c.sent.count(n)
	}
	return err
}
