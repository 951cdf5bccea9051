package app_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// Two nodes in one program: one sends, the other takes what it has received.
func ExampleNode() {
	ctx := context.Background()
	n := app.NewNode(app.NodeConfig{}) // in memory
	if err := n.Start(0); err != nil { // 0 picks a free port; otherwise the one that the others know
		log.Fatal(err)
	}
	defer n.Stop(ctx)
	port := n.Addr().(*net.TCPAddr).Port

	other := app.NewNode(app.NodeConfig{})
	defer other.Stop(ctx)
	if err := other.Send(ctx, "127.0.0.1", port, "聊天", "文本", "你好"); err != nil {
		log.Fatal(err) // nil means: stored at the other end
	}

	m, err := n.WaitMessage(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.PeerIP, m.HandleType, m.SubType, m.Text())
	// Output: 127.0.0.1 聊天 文本 你好
}

// Messages on disk survive the program: the store is opened before the node is made
// and closed after it has stopped.
func ExampleNode_disk() {
	dir, err := os.MkdirTemp("", "node")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	messages, err := store.OpenDisk(store.Config{Dir: dir}) // the zero Config means the folder "data"
	if err != nil {
		log.Fatal(err)
	}
	defer messages.Close()
	n := app.NewNode(app.NodeConfig{Store: messages})
	if err := n.Start(0); err != nil {
		log.Fatal(err)
	}
	defer n.Stop(context.Background())

	m, ok := n.NextMessage()
	fmt.Println(m.Text(), ok)
	// Output:  false
}

// What became of a message that wasn't acknowledged.
func ExampleNode_Send() {
	ctx := context.Background()
	n := app.NewNode(app.NodeConfig{AckTimeout: 2 * time.Second})
	defer n.Stop(ctx)

	err := n.Send(ctx, "127.0.0.1", 1, "聊天", "文本", "你好")
	switch refusal, refused := errors.AsType[*app.NodeRefusal](err); {
	case err == nil:
		fmt.Println("stored")
	case refused:
		fmt.Println("the other node won't have it:", refusal.Reason)
	case errors.Is(err, app.ErrNodeNotSent):
		fmt.Println("not sent: try again later")
	case errors.Is(err, app.ErrNodeUnacknowledged):
		fmt.Println("the other node may have it or not")
	}
	// Output: not sent: try again later
}

// As the Python library tells how it went.
func ExampleNode_SendMessage() {
	ctx := context.Background()
	n := app.NewNode(app.NodeConfig{})
	if err := n.Start(0); err != nil {
		log.Fatal(err)
	}
	defer n.Stop(ctx)

	success, msg := n.SendMessage(ctx, "127.0.0.1", n.Addr().(*net.TCPAddr).Port, "聊天", "文本", "你好")
	fmt.Println(success, msg)
	// Output: true 消息发送成功并收到确认
}

func ExampleNode_Broadcast() {
	ctx := context.Background()
	n := app.NewNode(app.NodeConfig{})
	if err := n.Start(0); err != nil {
		log.Fatal(err)
	}
	defer n.Stop(ctx)

	other := app.NewNode(app.NodeConfig{})
	defer other.Stop(ctx)
	if err := other.Send(ctx, "127.0.0.1", n.Addr().(*net.TCPAddr).Port, "聊天", "文本", "你好"); err != nil {
		log.Fatal(err)
	}

	sent, err := n.Broadcast(ctx, "通知", "文本", "大家好")
	if err != nil {
		log.Fatal(err)
	}
	m, err := other.WaitMessage(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent, m.HandleType, m.Text())
	// Output: 1 通知 大家好
}

// Each type of message has its handler. A message leaves the store when its handler
// returns nil, so it isn't lost with the program that was dealing with it.
func ExampleNode_Dispatch() {
	ctx, cancel := context.WithCancel(context.Background())
	n := app.NewNode(app.NodeConfig{})
	if err := n.Start(0); err != nil {
		log.Fatal(err)
	}
	defer n.Stop(context.Background())
	port := n.Addr().(*net.TCPAddr).Port
	for _, temperature := range []float64{21.5, 30} {
		if err := n.Send(ctx, "127.0.0.1", port, "测量", "温度", map[string]any{"值": temperature}); err != nil {
			log.Fatal(err)
		}
	}

	err := n.Dispatch(ctx, app.NodeHandlers{
		"测量": func(ctx context.Context, m app.NodeMessage) error {
			var reading struct{ 值 float64 }
			if err := m.Decode(&reading); err != nil {
				return err
			}
			fmt.Println(m.SubType, m.Text())
			if m.Text() == `{"值":30}` {
				cancel()
			}
			return nil
		},
	})
	fmt.Println(err)
	// Output:
	// 温度 {"值":21.5}
	// 温度 {"值":30}
	// context canceled
}

func ExampleNode_Messages() {
	ctx := context.Background()
	n := app.NewNode(app.NodeConfig{})
	if err := n.Start(0); err != nil {
		log.Fatal(err)
	}
	defer n.Stop(ctx)
	for _, word := range []string{"one", "two"} {
		if err := n.Send(ctx, "127.0.0.1", n.Addr().(*net.TCPAddr).Port, "words", "", word); err != nil {
			log.Fatal(err)
		}
	}

	for m, err := range n.Messages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Text())
		if m.Text() == "two" {
			break
		}
	}
	// Output:
	// one
	// two
}

// A node beside other things on the port of an HTTP server.
func ExampleNode_ServeHTTP() {
	n := app.NewNode(app.NodeConfig{})
	mux := http.NewServeMux()
	mux.Handle("/", n)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: mux}
	go srv.Serve(l) // until Close
	defer srv.Close()
	defer n.Stop(context.Background())

	err = n.Send(context.Background(), "127.0.0.1", l.Addr().(*net.TCPAddr).Port, "聊天", "文本", "你好")
	fmt.Println(err, n.Store().Len())
	// Output: <nil> 1
}

func ExampleNodeStorage_Open() {
	mode := 1 // STORAGE_MODE, as the Python library has it
	messages, err := app.NodeStorage(mode).Open(store.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer messages.Close()
	fmt.Printf("%T\n", messages)
	// Output: *store.Memory
}

func ExampleValidatePort() {
	valid, msg := app.ValidatePort(70000)
	fmt.Println(valid, msg)
	// Output: false 端口必须在1-65535之间
}

func ExampleValidateTargetPort() {
	valid, msg := app.ValidateTargetPort("8765")
	fmt.Println(valid, msg)
	// Output: true 端口有效: 8765
}
