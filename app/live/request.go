package live

import (
	"encoding/base64"
	"encoding/json"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// request is what a client asks for. Which fields have a meaning, do says; others are
// ignored, so that later versions can have more.
type request struct {
	ID       json.RawMessage `json:"id"` // a number or a string, repeated in the answer
	Do       string          `json:"do"`
	Topic    string          `json:"topic"`
	After    string          `json:"after"`
	Presence bool            `json:"presence"`
	Data     json.RawMessage `json:"data"`
	Text     *string         `json:"text"`
	Bytes    *string         `json:"bytes"`
	Key      string          `json:"key"`
	Once     string          `json:"once"`
	Quiet    bool            `json:"quiet"`
	Token    string          `json:"token"`
	Info     json.RawMessage `json:"info"`
}

// Bounds of a request's fields, in bytes.
const (
	maxID  = 64
	maxKey = 255
)

// parse reads a request. What is known of it is returned beside an error too.
func parse(text []byte) (r request, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return request{}, fail(CodeBadRequest, "not a JSON object with fields of the right types")
	}
	switch {
	case !validID(r.ID):
		r.ID = nil
		return r, fail(CodeBadRequest, "id must be a number or a string of at most 64 bytes")
	case len(r.Key) > maxKey || len(r.Once) > maxKey:
		return r, fail(CodeBadRequest, "key and once must be 255 bytes at most")
	}
	return r, nil
}

// validID reports whether an id is a number or a string, and short, or missing.
func validID(id json.RawMessage) bool {
	return len(id) == 0 || len(id) <= maxID && (id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9')
}

// message returns what is to be published: data, text or bytes.
func (r *request) message() (conn.Opcode, []byte, error) {
	given := 0
	op, p := conn.Text, []byte(nil)
	if len(r.Data) > 0 {
		given, p = given+1, r.Data
	}
	if r.Text != nil {
		given, p = given+1, []byte(*r.Text)
	}
	if r.Bytes != nil {
		decoded, err := base64.StdEncoding.DecodeString(*r.Bytes)
		if err != nil {
			return 0, nil, fail(CodeBadRequest, "bytes must be base64, with padding")
		}
		given, op, p = given+1, conn.Binary, decoded
	}
	if given != 1 {
		return 0, nil, fail(CodeBadRequest, "publish takes one of data, text and bytes")
	}
	return op, p, nil
}

// join returns how the client wants to be in the topic.
func (r *request) join() (app.Join, error) {
	after, err := app.ParsePosition(r.After)
	if err != nil {
		return app.Join{}, fail(CodeBadRequest, "after must be a position that the server gave")
	}
	return app.Join{After: after, Framing: Framing{}, Presence: r.Presence}, nil
}
