package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/godwit-ws/godwit/store"
)

// importGroup is how many messages are stored with one sync.
const importGroup = 1000

func storeImportCommand() command {
	return command{
		name:  "store import",
		args:  "[FILE] [flags]",
		short: "append messages to the stored ones",
		long: `
Store import reads JSON objects from FILE, or from standard input, and appends
them to the messages stored in a folder, in order. They may stand one a line, or
in one array. What isn't a JSON object ends it with exit status 1; the message
says how many were stored before that. A node must not be running on the folder.

Examples:
  godwit store import messages.jsonl
  godwit store export --data old | godwit store import --data new`,
		register: func(fs *flag.FlagSet) action {
			data := dataFlag(fs)
			return func(ctx context.Context, args []string, s stdio) error {
				return importMessages(ctx, *data, args, s)
			}
		},
	}
}

func importMessages(ctx context.Context, dir string, args []string, s stdio) (err error) {
	in := s.in
	switch len(args) {
	case 0:
	case 1:
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	default:
		return badUsage("unexpected argument %q", args[1])
	}
	d, err := store.OpenDisk(store.Config{Dir: dir})
	if err != nil {
		return explainStore(dir, err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	noteDamage(d.Opened(), s)
	stored, err := appendFrom(ctx, d, in)
	if err != nil {
		return fmt.Errorf("message %d: %w; %d messages were stored", stored+1, err, stored)
	}
	fmt.Fprintf(s.out, "%d messages stored, %d in all\n", stored, d.Len())
	return nil
}

// appendFrom appends the objects of a stream and returns how many were stored.
func appendFrom(ctx context.Context, d *store.Disk, in io.Reader) (stored int, err error) {
	objects, err := newObjectReader(in)
	if err != nil {
		return 0, err
	}
	var group [][]byte
	for {
		object, readErr := objects.next()
		if readErr == nil {
			group = append(group, object)
		}
		if len(group) == importGroup || readErr != nil {
			n, err := appendGroup(ctx, d, group)
			stored += n
			if err != nil {
				return stored, err
			}
			group = group[:0]
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return stored, nil
		case readErr != nil:
			return stored, readErr
		case ctx.Err() != nil:
			return stored, ctx.Err()
		}
	}
}

// appendGroup appends messages with one sync if all are right, and up to the first
// that isn't else.
func appendGroup(ctx context.Context, d *store.Disk, group [][]byte) (stored int, err error) {
	if err := d.AppendAll(ctx, group); err == nil {
		return len(group), nil
	}
	for i, object := range group {
		if err := d.Append(ctx, object); err != nil {
			return i, err
		}
	}
	return len(group), nil
}

// objectReader reads JSON values that stand one behind the other, or in an array.
type objectReader struct {
	d     *json.Decoder
	array bool
}

func newObjectReader(in io.Reader) (*objectReader, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		b, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return &objectReader{d: json.NewDecoder(r)}, nil
		case err != nil:
			return nil, err
		case b == ' ' || b == '\n' || b == '\r' || b == '\t':
			continue
		}
		r.UnreadByte() // there is one to be unread
		o := &objectReader{d: json.NewDecoder(r), array: b == '['}
		if o.array {
			_, err = o.d.Token()
		}
		return o, err
	}
}

// next returns the next value, and io.EOF at the end.
func (r *objectReader) next() (json.RawMessage, error) {
	if r.array && !r.d.More() {
		return nil, r.end()
	}
	var object json.RawMessage
	err := r.d.Decode(&object)
	if r.array || !errors.Is(err, io.EOF) {
		err = cutShort(err)
	}
	return object, err
}

// cutShort makes the end of the input within something io.ErrUnexpectedEOF, which
// versions of encoding/json tell in different ways.
func cutShort(err error) error {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if errors.Is(err, io.EOF) || ok && syntax.Error() == "unexpected end of JSON input" {
		return io.ErrUnexpectedEOF
	}
	return err
}

// end reads the bracket at the end of the array.
func (r *objectReader) end() error {
	if _, err := r.d.Token(); err != nil {
		return cutShort(err)
	}
	if _, err := r.d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more behind the array's end")
	}
	return io.EOF
}
