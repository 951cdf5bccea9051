package client

import (
	"encoding/json"
	"time"
)

// Message is a message of a topic. One of Data, Text and Bytes is set.
type Message struct {
	Topic string          `json:"topic"`
	At    string          `json:"at"`   // its position; "" where no history is kept
	Data  json.RawMessage `json:"data"` // of one that is JSON
	Text  string          `json:"text"` // of other text
	Bytes []byte          `json:"bytes"`
}

// Member is somebody in a topic.
type Member struct {
	ID    string          `json:"id"`
	Node  string          `json:"node"` // of several servers; "" of one
	Info  json.RawMessage `json:"info"`
	Since time.Time       `json:"since"`
}

// Payload is what is published: JSON, Text or Bytes makes one.
type Payload struct {
	data  any
	text  *string
	bytes []byte
}

// JSON is a payload that encodes v.
func JSON(v any) Payload { return Payload{data: v} }

// Text is a payload of text, as it is.
func Text(s string) Payload { return Payload{text: &s} }

// Bytes is a binary payload.
func Bytes(p []byte) Payload {
	if p == nil {
		p = []byte{}
	}
	return Payload{bytes: p}
}

// put adds the payload to a request.
func (p Payload) put(r request) {
	switch {
	case p.text != nil:
		r["text"] = *p.text
	case p.bytes != nil:
		r["bytes"] = p.bytes
	default:
		r["data"] = p.data
	}
}

// request is a request of the protocol.
type request map[string]any

// incoming is an answer or an event, as far as the client has use for it.
type incoming struct {
	ID      uint64   `json:"id"`
	OK      bool     `json:"ok"`
	Error   string   `json:"error"`
	Detail  string   `json:"detail"`
	Missed  int      `json:"missed"`
	Gap     bool     `json:"gap"`
	Members []Member `json:"members"`

	Event  string `json:"event"`
	Member Member `json:"member"`

	Message
}

// welcome is the first event of a connection.
type welcome struct {
	Event   string `json:"event"`
	Version int    `json:"version"`
	Token   bool   `json:"token"`
}

// failure returns the error that an answer is, or nil.
func (in *incoming) failure() error {
	if in.OK {
		return nil
	}
	return &RequestError{in.Error, in.Detail}
}
