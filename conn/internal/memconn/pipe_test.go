package memconn_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/godwit-ws/godwit/conn/internal/memconn"
)

func ExamplePipe() {
	a, b := memconn.Pipe()
	io.WriteString(a, "hello")
	a.Close() // what was written is still delivered
	got, err := io.ReadAll(b)
	fmt.Println(string(got), err)
	// Output: hello <nil>
}

func TestPipe(t *testing.T) {
	a, b := memconn.Pipe()
	defer a.Close()
	defer b.Close()
	msg := make([]byte, 200<<10)
	go a.Write(msg)
	if _, err := io.ReadFull(b, msg); err != nil {
		t.Fatalf("reading a message longer than the buffer: %v", err)
	}
}
