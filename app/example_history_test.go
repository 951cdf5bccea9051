package app_test

import (
	"context"
	"fmt"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// A broker keeps the last two messages of each topic.
func ExampleMemoryBroker() {
	b := app.NewMemoryBroker(app.MemoryConfig{
		Retain: func(topic string) app.Retention { return app.Retention{MaxMessages: 2} },
	})
	ctx := context.Background()
	var seen app.Position
	for i, text := range []string{"one", "two", "three"} {
		p, err := app.NewPublication("news", conn.Text, []byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		receipt, err := b.Publish(ctx, p)
		if err != nil {
			fmt.Println(err)
			return
		}
		if i == 0 {
			seen = receipt.Position
		}
	}
	missed, err := b.History(ctx, "news", seen, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("gap:", missed.Gap)
	for _, p := range missed.Publications {
		fmt.Println(p.Position.Seq, string(p.Payload()))
	}
	// Output:
	// gap: false
	// 2 two
	// 3 three
}
