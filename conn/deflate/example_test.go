package deflate_test

import (
	"errors"
	"fmt"

	"github.com/godwit-ws/godwit/conn/deflate"
)

func Example() {
	c := deflate.NewCompressor(deflate.CompressorConfig{})
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	for range 2 {
		payload := c.AppendMessage(nil, []byte("Hello"))
		plain, err := d.AppendMessage(nil, payload, 1<<20)
		fmt.Printf("% x = %s, %v\n", payload, plain, err)
	}
	// Output:
	// f2 48 cd c9 c9 07 00 = Hello, <nil>
	// 02 13 00 00 = Hello, <nil>
}

func ExampleCompressor_AppendFragment() {
	c := deflate.NewCompressor(deflate.CompressorConfig{})
	fmt.Printf("% x\n", c.AppendFragment(nil, []byte("Hel")))
	fmt.Printf("% x\n", c.AppendMessage(nil, []byte("lo")))
	// Output:
	// f2 48 cd 01 00 00 00 ff ff
	// ca c9 07 00
}

func ExampleAppendSelfContained() {
	c := deflate.NewCompressor(deflate.CompressorConfig{})
	p := []byte("to everyone")
	payload := deflate.AppendSelfContained(nil, p, 15) // once, for all connections
	c.Remember(p)                                      // on each connection that sends it
	fmt.Println(len(payload), len(c.AppendMessage(nil, p)))
	// Output: 13 4
}

func ExampleDecompressor_AppendMessage() {
	d := deflate.NewDecompressor(deflate.DecompressorConfig{})
	payload := deflate.AppendSelfContained(nil, make([]byte, 1<<20), 15)
	_, err := d.AppendMessage(nil, payload, 1<<16)
	fmt.Println(errors.Is(err, deflate.ErrTooBig), err)
	// Output: true deflate: message too big
}
