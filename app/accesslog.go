package app

import (
	"log/slog"
	"time"
)

// AccessLog is middleware that writes an entry of level Info for each connection
// when it has ended: who, where, for how long, how it ended and what went over it.
// A nil log is as for Config.Logger.
func AccessLog(log *slog.Logger) Middleware {
	log = loggerNamed(log, "godwit.access")
	return func(next Acceptor) Acceptor {
		return func(r *Request) (Handler, error) {
			h, err := next(r)
			if err != nil {
				return nil, err
			}
			return &accessLogged{Handler: h, log: log}, nil
		}
	}
}

type accessLogged struct {
	Handler
	log *slog.Logger
}

func (h *accessLogged) OnClose(c *Conn, e *CloseError) {
	received, sent := c.Traffic()
	h.log.Info("closed", "client", c.ClientAddress(), "path", c.Path(), "after", time.Since(c.ConnectedAt()).Round(time.Millisecond),
		"code", int(e.Code), "remote", e.Remote,
		"received", received.Messages, "bytes_received", received.Bytes, "sent", sent.Messages, "bytes_sent", sent.Bytes)
	h.Handler.OnClose(c, e)
}
