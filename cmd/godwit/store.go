package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/godwit-ws/godwit/store"
)

// storeCommands look at stored messages, and carry them to and fro.
func storeCommands() []command {
	return []command{
		storeListCommand(), storeExportCommand(), storeImportCommand(), storeVerifyCommand(), storeCompactCommand(),
	}
}

// dataFlag is the flag that all of them have.
func dataFlag(fs *flag.FlagSet) *string {
	return fs.String("data", store.DefaultDir, "the `FOLDER` that received_messages.json is in")
}

// explainStore adds to a store's error what can be done about it.
func explainStore(dir string, err error) error {
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: a node has %s open; stop it first", err, filepath.Join(dir, store.FileName))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there are no stored messages in %q: no file %s (choose the folder with --data)", dir, store.FileName)
	}
	return err
}

// inspect looks at the messages in dir; a node may be at work there.
func inspect(dir string, visit func(store.Message) error) (store.Report, error) {
	r, err := store.Inspect(dir, visit)
	return r, explainStore(dir, err)
}

func storeExportCommand() command {
	return command{
		name:  "store export",
		args:  "[flags]",
		short: "write stored messages as JSON, one a line",
		long: `
Store export writes the messages stored in a folder to standard output, oldest
first: one JSON object a line, as it was received. It takes none away, and works
while a node is running.

Examples:
  godwit store export > messages.jsonl
  godwit store export --data old | godwit store import --data new`,
		register: func(fs *flag.FlagSet) action {
			data := dataFlag(fs)
			return func(_ context.Context, args []string, s stdio) error {
				if err := noArguments(args); err != nil {
					return err
				}
				_, err := inspect(*data, func(m store.Message) error {
					_, err := fmt.Fprintf(s.out, "%s\n", m.Payload)
					return err
				})
				return err
			}
		},
	}
}

func storeVerifyCommand() command {
	return command{
		name:  "store verify",
		args:  "[flags]",
		short: "check the file of stored messages",
		long: `
Store verify reads the file of stored messages with all its checksums, changes
nothing, and tells what is in it. It works while a node is running, but may then
see a message half written. The exit status is 1 if anything can't be read.

Example:
  godwit store verify --data data`,
		register: func(fs *flag.FlagSet) action {
			data := dataFlag(fs)
			return func(_ context.Context, args []string, s stdio) error {
				if err := noArguments(args); err != nil {
					return err
				}
				return verify(*data, s)
			}
		},
	}
}

func verify(dir string, s stdio) error {
	r, err := inspect(dir, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d messages in %d bytes, %d of them left behind by messages taken\n", r.Messages, r.Size, r.Blank)
	switch {
	case r.Unreadable > 0:
		return fmt.Errorf("%d bytes can't be read as messages; when a node opens the file, they are set aside and the messages kept", r.Unreadable)
	case r.Imported:
		fmt.Fprintln(s.out, "written by another program; a node imports it when it opens the file")
	case r.Rebuilt:
		fmt.Fprintln(s.out, "not as it was left in order; a node writes it anew when it opens the file")
	}
	return nil
}

func storeCompactCommand() command {
	return command{
		name:  "store compact",
		args:  "[flags]",
		short: "shrink the file of stored messages to what it needs",
		long: `
Store compact writes the file of stored messages anew, without the blanks that
messages taken have left behind, and without damage: what can't be read is set
aside in a file beside it. A node does so by itself now and then, and must not be
running.

Example:
  godwit store compact --data data`,
		register: func(fs *flag.FlagSet) action {
			data := dataFlag(fs)
			return func(_ context.Context, args []string, s stdio) error {
				if err := noArguments(args); err != nil {
					return err
				}
				return compact(*data, s)
			}
		},
	}
}

func compact(dir string, s stdio) (err error) {
	before, err := os.Stat(filepath.Join(dir, store.FileName))
	if err != nil { // to open the store would make one
		return explainStore(dir, err)
	}
	d, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		return explainStore(dir, err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	noteDamage(d.Opened(), s)
	if err := d.Compact(); err != nil {
		return err
	}
	stats := d.Stats()
	fmt.Fprintf(s.out, "%d messages; %d bytes before, %d after\n", stats.Waiting, before.Size(), stats.FileSize)
	return nil
}

// noteDamage tells what was set aside.
func noteDamage(r store.Report, s stdio) {
	if r.SetAside != "" {
		fmt.Fprintf(s.err, "%d bytes couldn't be read as messages and were set aside in %s\n", r.Unreadable, r.SetAside)
	}
}
