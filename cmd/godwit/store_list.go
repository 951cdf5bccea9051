package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/store"
)

// listOptions are the flags of store ls.
type listOptions struct {
	data *string
	max  int
}

func storeListCommand() command {
	return command{
		name:  "store ls",
		args:  "[flags]",
		short: "list stored messages",
		long: `
Store ls lists the messages stored in a folder, oldest first, one a line: when it
was sent, by whom, its type and second type, and the beginning of its content. It
takes none away, and works while a node is running.

Examples:
  godwit store ls
  godwit store ls --data data --max 10`,
		register: func(fs *flag.FlagSet) action {
			o := &listOptions{data: dataFlag(fs)}
			fs.IntVar(&o.max, "max", 0, "list this `NUMBER` of messages at most; 0 lists all")
			return o.run
		},
	}
}

// errEnough ends an inspection.
var errEnough = errors.New("enough")

func (o *listOptions) run(_ context.Context, args []string, s stdio) error {
	if err := noArguments(args); err != nil {
		return err
	}
	if o.max < 0 {
		return badUsage("--max %d is negative", o.max)
	}
	listed := 0
	_, err := inspect(*o.data, func(m store.Message) error {
		if o.max > 0 && listed == o.max {
			return errEnough
		}
		listed++
		_, err := fmt.Fprintln(s.out, summary(m.Payload))
		return err
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// summary tells of a message in a line.
func summary(payload []byte) string {
	var m app.NodeMessage
	if err := json.Unmarshal(payload, &m); err != nil {
		return escape(shorten(string(payload), 120))
	}
	at := "-"
	if !m.Time.IsZero() {
		at = m.Time.Format(time.RFC3339)
	}
	return escape(fmt.Sprintf("%s  %s:%d  %s/%s  %s", at, m.PeerIP, m.PeerPort,
		shorten(m.HandleType, 40), shorten(m.SubType, 40), shorten(m.Text(), 80)))
}

// shorten cuts text to n characters.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
