package client

import (
	"encoding/json"
	"time"
)

// Message is a message of a topic. One of Data, Text and Bytes is set; it is the
// receiver's to keep.
type Message struct {
	Topic string          `json:"topic"`
	At    string          `json:"at"`    // its position; "" where no history is kept
	Data  json.RawMessage `json:"data"`  // text that is JSON, whoever published it
	Text  string          `json:"text"`  // other text
	Bytes []byte          `json:"bytes"` // a binary message
}

// Member is a connection that is in a topic. ID and Node together are one connection's
// alone.
type Member struct {
	ID    string          `json:"id"`    // of the connection, on its server
	Node  string          `json:"node"`  // that server, where there are several; else ""
	Info  json.RawMessage `json:"info"`  // what it said of itself (Client.SetInfo), or the server of it; nil if nothing
	Since time.Time       `json:"since"` // when it connected, by the server's clock
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
	// Of an answer.
	ID      uint64   `json:"id"` // of the request
	OK      bool     `json:"ok"` // it was carried out; else Error and Detail say why not
	Error   string   `json:"error"`
	Detail  string   `json:"detail"`
	Missed  int      `json:"missed"`  // of subscribe
	Gap     bool     `json:"gap"`     // of subscribe
	Members []Member `json:"members"` // of members

	// Of an event; "" makes it an answer.
	Event  string `json:"event"`
	Member Member `json:"member"` // of joined and left

	Message // of message, and the topic and position of whatever has one
}

// welcome is the first event of a connection.
type welcome struct {
	Event   string `json:"event"`   // "welcome"
	Version int    `json:"version"` // of the protocol
	Token   bool   `json:"token"`   // one is wanted before anything else
}

// failure returns the error that an answer is, or nil.
func (in *incoming) failure() error {
	if in.OK {
		return nil
	}
	return &RequestError{in.Error, in.Detail}
}
