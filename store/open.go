package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Report says what was found in a file.
type Report struct {
	Messages int   // messages stored
	Size     int64 // bytes of the file
	Blank    int64 // bytes of it that acknowledged messages have left behind

	// Rebuilt says that the file wasn't as the format wants it, after a crash or by another hand, or
	// wasn't there, and was written anew from what could be read.
	Rebuilt bool
	// Imported says that the messages came from a file not written by a Disk.
	Imported bool
	// Unreadable is how many bytes couldn't be read as messages.
	Unreadable int64
	// SetAside is the name, in the folder of the file, of a new file with those bytes. Empty if there are
	// none.
	SetAside string
}

// env is what a Disk takes from the machine. Tests put others in its place.
type env struct {
	folder folder
	name   string // of the messages' file
	// micros returns the microseconds since 1970, from which sequences are taken.
	micros func() uint64
	// spawn runs a compaction beside everything else.
	spawn func(func())
}

const (
	lockSuffix  = ".lock"
	tmpSuffix   = ".tmp"
	asideSuffix = ".unreadable-"
	asideTime   = "20060102T150405Z"
)

// OpenDisk opens the store in the folder cfg.Dir, and makes folder and file if need be. It reads the
// whole file once. A damaged file, or one by another hand, is written anew from what could be read in
// it, and the rest is set aside; Opened tells. ErrLocked says that the store is open elsewhere. A new
// file can be read by its owner alone; one that was there keeps its permissions.
//
// If opening fails, nothing is lost: the file is the old one, or the new one already.
func OpenDisk(cfg Config) (*Disk, error) {
	cfg = cfg.forDisk()
	dir, name, err := openFolder(cfg.Dir)
	if err != nil {
		return nil, err
	}
	return openDisk(cfg, env{
		folder: dir,
		name:   name,
		micros: func() uint64 { return uint64(time.Now().UnixMicro()) },
		spawn:  func(f func()) { go f() },
	})
}

// openDisk opens the store with a cfg that has its defaults.
func openDisk(cfg Config, e env) (*Disk, error) {
	lock, err := e.folder.Lock(e.name + lockSuffix)
	if err != nil {
		return nil, err
	}
	f, s, report, err := load(e)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", e.name, err), lock.Close())
	}
	d := &Disk{
		maxSize: cfg.MaxMessageSize, policy: cfg.Sync, interval: cfg.SyncInterval,
		compactAfter: cfg.CompactAfter, env: e, opened: report, lock: lock,
		file: f, head: s.head, cursor: s.head, tail: s.tail, visible: s.tail,
		unread: s.records, lastSeq: s.lastSeq, room: newRoom(cfg), compactAt: cfg.CompactAfter,
	}
	d.room.messages, d.room.bytes = s.records, s.payload
	return d, nil
}

// load opens the file and surveys it, after writing it anew if it must be.
func load(e env) (file, survey, Report, error) {
	// What a rewrite left that didn't live to see its end.
	if err := e.folder.Remove(e.name + tmpSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, survey{}, Report{}, err
	}
	f, err := e.folder.Open(e.name)
	if errors.Is(err, fs.ErrNotExist) {
		return rebuild(e, nil, rebuilding{})
	}
	if err != nil {
		return nil, survey{}, Report{}, err
	}
	s, report, err := surveyFile(f)
	if err == nil && s.clean {
		return f, s, report, nil
	}
	if err == nil {
		var r rebuilding
		if r, err = planRebuild(e, f, s, report); err == nil {
			return rebuild(e, f, r)
		}
	}
	return nil, survey{}, Report{}, errors.Join(err, f.Close())
}

func surveyFile(f file) (survey, Report, error) {
	size, err := f.Size()
	if err != nil {
		return survey{}, Report{}, err
	}
	s, err := scan(f, size, nil)
	return s, Report{Messages: s.records, Size: size, Blank: s.blank, Unreadable: s.junk}, err
}

// rebuilding is how a file gets written anew.
type rebuilding struct {
	report  Report
	records func(io.Writer) error // writes the records with the right leads; nil for none
	junk    func(io.Writer) error // writes what is to be set aside; nil for nothing
}

// planRebuild decides whose file f is: ours, of which every line is judged by itself, or another's.
func planRebuild(e env, f file, s survey, report Report) (rebuilding, error) {
	if s.records == 0 && s.junk > 0 {
		return planImport(e, f, report)
	}
	pick := func(want lineKind, lead byte) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := scan(f, report.Size, func(line []byte, kind lineKind, _ record) error {
				if kind != want {
					return nil
				}
				if want == lineRecord {
					line[0], lead = lead, leadNext
					if line[len(line)-1] != '\n' { // cut off behind the record
						line = append(line, '\n')
					}
				}
				_, err := w.Write(line)
				return err
			})
			return err
		}
	}
	r := rebuilding{report: report, records: pick(lineRecord, leadFirst)}
	if s.junk > 0 {
		r.junk = pick(lineJunk, 0)
	}
	return r, nil
}

// planImport reads a file of another hand.
func planImport(e env, f file, report Report) (rebuilding, error) {
	text := make([]byte, report.Size)
	if err := readFull(f, text, 0); err != nil {
		return rebuilding{}, err
	}
	found := readForeign(text)
	report.Imported = len(found.objects) > 0
	report.Unreadable = int64(len(found.junk))
	r := rebuilding{report: report}
	r.records = func(w io.Writer) error {
		first := e.micros()
		for i, o := range found.objects {
			line := appendRecord(nil, o, first+uint64(i))
			if i == 0 {
				line[0] = leadFirst
			}
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	}
	if len(found.junk) > 0 {
		r.junk = func(w io.Writer) error {
			_, err := w.Write(found.junk)
			return err
		}
	}
	return r, nil
}

// rebuild sets the junk aside, writes the records to a new file, and puts that in the place of old, which
// may be nil. Until then nothing that was there is touched; if it fails, old is closed.
func rebuild(e env, old file, r rebuilding) (file, survey, Report, error) {
	report, err := setAside(e, r)
	if err != nil {
		return nil, survey{}, report, errors.Join(err, closeFile(old))
	}
	f, err := changeOver(e, old, r)
	if err != nil {
		if report.SetAside != "" {
			err = errors.Join(err, e.folder.Remove(report.SetAside))
		}
		return nil, survey{}, report, err
	}
	s, after, err := surveyFile(f)
	if err == nil && !s.clean {
		err = errors.New("the file just written doesn't read back")
	}
	if err != nil {
		return nil, s, report, errors.Join(err, f.Close())
	}
	report.Messages, report.Size, report.Blank, report.Rebuilt = after.Messages, after.Size, after.Blank, true
	return f, s, report, nil
}

// changeOver puts a new file in the place of old. If it fails, old is closed.
func changeOver(e env, old file, r rebuilding) (file, error) {
	tmp, err := writeFile(e, e.name+tmpSuffix, func(w io.Writer) error {
		if _, err := io.WriteString(w, opening); err != nil {
			return err
		}
		if r.records != nil {
			if err := r.records(w); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, closing)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, closeFile(old))
	}
	f, err := e.folder.Replace(old, tmp, e.name+tmpSuffix, e.name)
	if err != nil {
		tmp.Close() // may be closed already; the next opening removes it
		return nil, errors.Join(err, closeFile(f))
	}
	if err := e.folder.Sync(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// setAside writes the junk, if there is any, to a new file, durably.
func setAside(e env, r rebuilding) (Report, error) {
	report := r.report
	if r.junk == nil {
		return report, nil
	}
	name, err := freeName(e)
	if err != nil {
		return report, err
	}
	f, err := writeFile(e, name, r.junk)
	if err != nil {
		return report, err
	}
	report.SetAside = name
	return report, errors.Join(f.Close(), e.folder.Sync())
}

// freeName finds a name to set junk aside under.
func freeName(e env) (string, error) {
	stem := e.name + asideSuffix + time.UnixMicro(int64(e.micros())).UTC().Format(asideTime)
	for i := 1; ; i++ {
		name := stem
		if i > 1 {
			name = fmt.Sprintf("%s-%d", stem, i)
		}
		f, err := e.folder.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		if err := f.Close(); err != nil {
			return "", err
		}
	}
}
