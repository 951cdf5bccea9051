package app

import (
	"time"

	"github.com/godwit-ws/godwit/app/internal/limit"
)

// messageRate is how many messages a connection may send. Nil means any number.
type messageRate struct {
	limit  limit.Limit
	bucket limit.Bucket
}

func newMessageRate(perSecond int) *messageRate {
	return &messageRate{limit: limit.Limit{Events: perSecond, Window: time.Second}}
}

// take takes one message, or returns how the connection is to end.
func (r *messageRate) take() error {
	if r == nil || r.bucket.Allow(r.limit, time.Now()) {
		return nil
	}
	return errTooFast
}
