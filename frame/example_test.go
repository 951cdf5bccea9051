package frame_test

import (
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

func ExampleAppendHeader() {
	payload := "Hello"
	h := frame.Header{Fin: true, Opcode: frame.Text, Length: int64(len(payload))}
	fmt.Printf("% x\n", append(frame.AppendHeader(nil, h), payload...))
	// Output: 81 05 48 65 6c 6c 6f
}

func ExampleParseHeader() {
	h, n, err := frame.ParseHeader([]byte("\x82\xfe\x01\x00\x37\xfa\x21\x3d…"))
	fmt.Println(h.Opcode, h.Length, h.Masked, n, err)
	_, _, err = frame.ParseHeader([]byte("\x82\x7e\x00\x05"))
	fmt.Println(err)
	// Output:
	// binary 256 true 8 <nil>
	// websocket closed locally: 1002 protocol error, reason "length not in its shortest form": frame: 16-bit length field holds less than 126
}

func ExampleAppendClosePayload() {
	p, err := frame.AppendClosePayload(nil, frame.CodeGoingAway, "bye")
	fmt.Printf("% x %v\n", p, err)
	_, err = frame.AppendClosePayload(nil, frame.CodeAbnormal, "")
	fmt.Println(err)
	// Output:
	// 03 e9 62 79 65 <nil>
	// frame: close code may not be sent
}

func ExampleParseClosePayload() {
	code, reason, err := frame.ParseClosePayload([]byte("\x03\xe9bye"))
	fmt.Println(code, reason, err)
	code, _, _ = frame.ParseClosePayload(nil)
	fmt.Println(code)
	// Output:
	// 1001 going away bye <nil>
	// 1005 no status
}
