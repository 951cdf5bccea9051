// Package client is a client of package app/live that stays connected: it comes back
// when the line breaks, resumes its subscriptions where they were, and sees every
// message once and in order, or is told of the gap.
//
//	c, err := client.New(client.Config{URL: "wss://example.com/live"})
//	...
//	defer c.Close()
//	_, err = c.Subscribe("room:7", client.Subscription{
//		OnMessage: func(m client.Message) { fmt.Println(string(m.Data)) },
//	})
//	_, err = c.Publish(ctx, "room:7", client.JSON(greeting))
//
// The protocol is described in PROTOCOL.md of package app/live. For a plain WebSocket,
// which ends when it breaks, there is conn.Dialer.
//
// # Who may do what at once
//
// All methods may be called from any goroutine at any time, from the functions of a
// Subscription too. Those are called one at a time, in the order of what happens, on
// the goroutine that reads: while one runs nothing else is read, so that it must not
// wait for an answer (Publish, Members) of the same client.
//
// # Decisions
//
// Requests are handed to the connection without waiting for room (conn.Post), bounded
// in number: a client that waited to send while the server waits to be read would
// wait for ever.
//
// A publication that was on its way when the line broke fails with ErrBroken, unless it
// has an identity (Once): only then it can be sent again without coming twice.
package client
