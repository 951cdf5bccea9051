package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// writeFile makes a file with what write writes, synced. If it fails, the file is removed again.
func writeFile(e env, name string, write func(io.Writer) error) (file, error) {
	f, err := e.folder.Create(name, e.name)
	if err != nil {
		return nil, asFull(err)
	}
	w := bufio.NewWriterSize(io.NewOffsetWriter(f, 0), 64<<10)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(asFull(err), discard(e, f, name))
	}
	return f, nil
}

// discard closes and removes a file that isn't wanted any more.
func discard(e env, f file, name string) error {
	return errors.Join(f.Close(), e.folder.Remove(name))
}

// asFull makes a full disk an ErrFull, beside what it was.
func asFull(err error) error {
	if isDiskFull(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// closeFile closes f if there is one.
func closeFile(f file) error {
	if f == nil {
		return nil
	}
	return f.Close()
}
