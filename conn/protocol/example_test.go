package protocol_test

import (
	"fmt"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// A client's sender and a server's receiver, with the bytes handed over by hand.
func Example() {
	client := protocol.NewSender(protocol.SenderConfig{
		Role: protocol.Client,
		Key:  func() uint32 { return 0x3d21fa37 }, // in earnest: unpredictable, and fresh each time
	})
	wire := client.AppendMessage(nil, frame.Text, []byte("Hello"))
	wire, _ = client.AppendControl(wire, frame.Ping, []byte("still there?"))
	wire, _ = client.AppendClose(wire, frame.CodeNormal, "bye")

	server := protocol.NewReceiver(protocol.ReceiverConfig{
		Role:           protocol.Server,
		MaxMessageSize: 1 << 20,
		MaxFragments:   1000,
	})
	scratch := make([]byte, 4096)
	server.Got(copy(server.Want(scratch), wire))
	for {
		ev, err := server.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		switch ev.Kind {
		case protocol.Message:
			fmt.Printf("%s message %q\n", ev.Opcode, ev.Payload)
		case protocol.Ping:
			fmt.Printf("ping %q\n", ev.Payload)
		case protocol.Close:
			fmt.Printf("close %s %q\n", ev.Code, ev.Reason)
		}
	}
	// Output:
	// text message "Hello"
	// ping "still there?"
	// close 1000 normal "bye"
	// frame: need more bytes
}

// One message for many connections is encoded once.
func ExamplePrepared() {
	news, err := protocol.NewPrepared(frame.Text, []byte("Hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		s := protocol.NewSender(protocol.SenderConfig{Role: protocol.Server})
		fmt.Printf("% x\n", s.AppendPrepared(nil, news))
	}
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 81 05 48 65 6c 6c 6f
}
