package store

import "context"

// Consume takes message after message from s and hands each to handle, in order. A message is
// acknowledged when handle returns nil. If handle returns an error, panics or calls runtime.Goexit, the
// message is given back; an error ends Consume and is what it returns. Otherwise Consume runs until ctx
// ends or s fails, and returns ctx.Err() or the store's error.
//
// Several goroutines may consume from one store; each message goes to one of them.
func Consume(ctx context.Context, s Store, handle func(Message) error) error {
	for {
		if err := consumeOne(ctx, s, handle); err != nil {
			return err
		}
	}
}

func consumeOne(ctx context.Context, s Store, handle func(Message) error) error {
	d, err := s.Next(ctx)
	if err != nil {
		return err
	}
	defer s.Return(d) // does nothing after the Ack below
	if err := handle(d.Message); err != nil {
		return err
	}
	return s.Ack(d)
}
