package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/godwit-ws/godwit/app"
)

// serveUntil serves l until ctx ends, and then shuts down in order.
func serveUntil(ctx context.Context, srv *app.Server, l net.Listener) error {
	down := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(down)
		srv.Shutdown(context.Background()) // what it has to say is logged
	})
	err := srv.Serve(l)
	if !errors.Is(err, app.ErrServerClosed) {
		stop()
		return err
	}
	<-down
	return nil
}

// tick publishes the time, once a second, until ctx ends.
func tick(ctx context.Context, srv *app.Server) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			srv.To(timeTopic).JSON(timeOf(now)) // nobody may be there
		case <-ctx.Done():
			return
		}
	}
}
