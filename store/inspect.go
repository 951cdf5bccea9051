package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// Inspect reads the file in dir without opening it as a store: it changes nothing and needs no lock, so
// it may run while a Disk is at work, though it may then see a state half written, and messages lent
// out. visit, which may be nil, gets the messages in order; the first error it returns ends the reading
// and is returned. Messages of a file by another hand have no Seq yet.
//
// The Report tells what opening the file would find; Rebuilt, what it would have to do.
func Inspect(dir string, visit func(Message) error) (Report, error) {
	if dir == "" {
		dir = DefaultDir
	}
	if visit == nil {
		visit = func(Message) error { return nil }
	}
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return Report{}, fmt.Errorf("store: inspect: %w", err)
	}
	defer f.Close()
	size, err := osFile{f}.Size()
	if err != nil {
		return Report{}, fmt.Errorf("store: inspect: %w", err)
	}
	s, err := scan(f, size, func(_ []byte, kind lineKind, r record) error {
		if kind == lineRecord {
			return visit(r.message())
		}
		return nil
	})
	report := Report{Messages: s.records, Size: size, Blank: s.blank, Unreadable: s.junk, Rebuilt: !s.clean}
	if err != nil || s.records > 0 || s.junk == 0 {
		return report, err
	}
	return inspectForeign(f, report, visit)
}

func inspectForeign(f *os.File, report Report, visit func(Message) error) (Report, error) {
	text := make([]byte, report.Size)
	if err := readFull(f, text, 0); err != nil {
		return report, fmt.Errorf("store: inspect: %w", err)
	}
	found := readForeign(text)
	report.Messages, report.Unreadable = len(found.objects), int64(len(found.junk))
	report.Imported = report.Messages > 0
	for _, o := range found.objects {
		if err := visit(Message{Payload: o.appendTo(nil)}); err != nil {
			return report, err
		}
	}
	return report, nil
}
