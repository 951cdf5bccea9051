package conn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// tagged is a context of a type that can't be compared, as callers may have.
type tagged struct {
	context.Context
	tags []string
}

// A caller's context may be of any type: one that can't be compared ends reads
// and writes as others do, also when it is used again.
func TestContextsThatCannotBeCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := conn.Pipe(conn.Config{}, conn.Config{})
		defer client.Abort()
		defer server.Abort()
		ended, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ctx := tagged{ended, []string{"tag"}}
		for range 2 {
			go func() {
				synctest.Wait() // the reader waits under ctx
				client.WriteText(ctx, "m")
			}()
			if _, p, err := server.Read(ctx); err != nil || string(p) != "m" {
				t.Fatalf("Read = %q, %v", p, err)
			}
		}
		if _, _, err := client.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read = %v, want %v", err, context.DeadlineExceeded)
		}
		again, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.Write(tagged{again, nil}, conn.Binary, make([]byte, 1<<20)) // nobody reads it
		if !errors.Is(err, conn.ErrWriteUnfinished) {
			t.Errorf("Write = %v, want %v", err, conn.ErrWriteUnfinished)
		}
	})
}
