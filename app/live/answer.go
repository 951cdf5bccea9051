package live

import (
	"encoding/json"
)

// answer is what a request is answered with: OK and what belongs to it, or Error.
type answer struct {
	ID     json.RawMessage `json:"id,omitempty"`
	OK     bool            `json:"ok,omitempty"`
	Error  ErrorCode       `json:"error,omitempty"`
	Detail string          `json:"detail,omitempty"`

	At      string   `json:"at,omitempty"`
	Missed  int      `json:"missed,omitempty"`
	Gap     bool     `json:"gap,omitempty"`
	Members []member `json:"members,omitempty"`
	More    bool     `json:"more,omitempty"`
	Seconds int      `json:"seconds,omitempty"`
}

// welcome is the first event of a connection.
type welcome struct {
	Event      string `json:"event"` // "welcome"
	Version    int    `json:"version"`
	ID         string `json:"id"`
	Ping       int    `json:"ping,omitempty"` // seconds
	MaxRequest int    `json:"maxRequest,omitempty"`
	Token      bool   `json:"token,omitempty"` // one is wanted before anything else
}

// expiring is the event before a token's end.
type expiring struct {
	Event   string `json:"event"` // "expiring"
	Seconds int    `json:"seconds"`
}
