package memconn

// network is the name of the network, as net.Addr reports it.
const network = "pipe"

// Addr is the address of one end of a pair: "pipe:1" or "pipe:2". It has the form host:port, since
// some callers split every remote address they meet.
type Addr string

// The addresses of the two ends, in the order in which Pipe returns them.
const (
	firstAddr  Addr = "pipe:1"
	secondAddr Addr = "pipe:2"
)

// Network returns "pipe".
func (a Addr) Network() string { return network }

// String returns the address.
func (a Addr) String() string { return string(a) }
