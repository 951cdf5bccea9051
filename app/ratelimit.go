package app

import (
	"net/http"
	"time"

	"github.com/godwit-ws/godwit/app/internal/limit"
	"github.com/godwit-ws/godwit/conn"
)

// RateLimit is middleware that lets each client send that many messages a window, on
// all connections together; the allowance grows back evenly. One more closes the
// connection with 1008. A client is an IP address, an IPv6 client a /64. All routes
// that the same value is used for share one account.
func RateLimit(messages int, window time.Duration) Middleware {
	rate := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: messages, Window: window}})
	return func(next Acceptor) Acceptor {
		return func(r *Request) (Handler, error) {
			h, err := next(r)
			if err != nil {
				return nil, err
			}
			return &rateLimited{Handler: h, rate: rate}, nil
		}
	}
}

// ConnectLimit is middleware that lets each client connect that many times a window,
// as RateLimit counts. One more is refused with 429.
func ConnectLimit(connects int, window time.Duration) Middleware {
	rate := limit.NewRate(limit.RateConfig{Limit: limit.Limit{Events: connects, Window: window}})
	return func(next Acceptor) Acceptor {
		return func(r *Request) (Handler, error) {
			if !rate.Allow(r.ClientAddress().Addr(), time.Now()) {
				return nil, overloaded(http.StatusTooManyRequests, "Too many connections were made from this address lately.", retryOverload)
			}
			return next(r)
		}
	}
}

// rateLimited is a Handler whose messages are counted.
type rateLimited struct {
	Handler
	rate *limit.Rate
}

// errTooFast ends connections that send too much.
var errTooFast = &CloseError{Code: conn.CodePolicyViolation, Reason: "请求过于频繁"}

func (h *rateLimited) OnMessage(c *Conn, text []byte) error {
	if !h.allows(c) {
		return errTooFast
	}
	return h.Handler.OnMessage(c, text)
}

func (h *rateLimited) OnBinary(c *Conn, data []byte) error {
	if !h.allows(c) {
		return errTooFast
	}
	return h.Handler.OnBinary(c, data)
}

func (h *rateLimited) allows(c *Conn) bool {
	return h.rate.Allow(c.ClientAddress().Addr(), time.Now())
}
