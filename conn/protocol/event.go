package protocol

import "github.com/godwit-ws/godwit/frame"

// Role says which side of the connection we are (RFC 6455 §5.1): a server takes
// masked frames and sends unmasked ones, a client the other way round.
type Role uint8

// The two roles.
const (
	Server Role = iota
	Client
)

// String returns "server" or "client".
func (r Role) String() string {
	if r == Client {
		return "client"
	}
	return "server"
}

// Kind tells what an Event reports.
type Kind uint8

// The kinds of events.
const (
	Message Kind = iota + 1 // a whole data message
	Part                    // a piece of a data message, while streaming
	Ping                    // a ping, to be answered with its payload (RFC 6455 §5.5.2)
	Pong                    // a pong (RFC 6455 §5.5.3)
	Close                   // the peer's Close (RFC 6455 §5.5.1); no event follows it
)

// Event is something the peer said.
type Event struct {
	Kind    Kind
	Opcode  frame.Opcode // Text or Binary, for Message and Part
	Last    bool         // the message ends here; always so for Message
	Taken   bool         // Payload lies in attached memory and belongs to the caller
	Payload []byte       // valid until the next call of Next, unless Taken
	Code    frame.Code   // for Close; CodeNoStatus if the Close was empty
	Reason  string       // for Close
}
