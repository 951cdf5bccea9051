package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/godwit-ws/godwit/store"
)

// ctx is what the tests and examples use where nothing is cancelled.
var ctx = context.Background()

func ExampleMemory() {
	s := store.NewMemory(store.Config{MaxMessages: 1000})
	defer s.Close()
	if err := s.Append(ctx, []byte(`{"数据内容": "你好"}`)); err != nil {
		fmt.Println(err)
	}
	d, err := s.Next(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Return(d) // if what follows dies
	fmt.Printf("%s\n", d.Payload)
	fmt.Println(s.Ack(d), s.Len())
	// Output:
	// {"数据内容":"你好"}
	// <nil> 0
}

func ExampleOpenDisk() {
	dir, err := os.MkdirTemp("", "godwit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Append(ctx, []byte(`{"n":1}`)); err != nil {
		fmt.Println(err) // on disk from here on
	}
	s.Close()

	s, err = store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(s.Opened().Messages, "stored")
	d, err := s.TryNext()
	fmt.Printf("%s %v\n", d.Payload, err)
	_, err = s.TryNext()
	fmt.Println(err)
	// Output:
	// 1 stored
	// {"n":1} <nil>
	// store: empty
}

// A file written by another program, here the Python library's way, is imported.
func ExampleOpenDisk_import() {
	dir, err := os.MkdirTemp("", "godwit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	text := `[{"\u5bf9\u65b9IP": "10.0.0.7", "n": 1}, {"n": 2}]`
	if err := os.WriteFile(filepath.Join(dir, store.FileName), []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for m, err := range s.All() {
		fmt.Printf("%s %v\n", m.Payload, err)
	}
	fmt.Println("imported:", s.Opened().Imported)
	// Output:
	// {"\u5bf9\u65b9IP":"10.0.0.7","n":1} <nil>
	// {"n":2} <nil>
	// imported: true
}

func ExampleConsume() {
	s := store.NewMemory(store.Config{})
	defer s.Close()
	if err := s.AppendAll(ctx, [][]byte{[]byte(`{"n":1}`), []byte(`{"n":2}`)}); err != nil {
		fmt.Println(err)
	}
	enough := errors.New("enough")
	err := store.Consume(ctx, s, func(m store.Message) error {
		if string(m.Payload) == `{"n":2}` {
			return enough // and the message is given back
		}
		fmt.Printf("%s\n", m.Payload)
		return nil
	})
	fmt.Println(err, s.Len())
	// Output:
	// {"n":1}
	// enough 1
}

// What is no object or has no room is refused.
func ExampleStore_Append() {
	s := store.NewMemory(store.Config{MaxMessages: 1})
	defer s.Close()
	fmt.Println(s.Append(ctx, []byte(`[1]`)))
	fmt.Println(s.Append(ctx, []byte(`{"a":1}`)))
	fmt.Println(s.Append(ctx, []byte(`{"a":2}`)))
	// Output:
	// store: message is not a JSON object in UTF-8: byte 0: no object
	// <nil>
	// store: full: 1 messages, 7 bytes
}

func ExampleInspect() {
	dir, err := os.MkdirTemp("", "godwit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if err := s.Append(ctx, []byte(`{"n":1}`)); err != nil {
		fmt.Println(err)
	}
	report, err := store.Inspect(dir, func(m store.Message) error { // beside the open store
		fmt.Printf("%s\n", m.Payload)
		return nil
	})
	fmt.Println(report.Messages, report.Rebuilt, err)
	// Output:
	// {"n":1}
	// 1 false <nil>
}
