package store

// What the tests put in the place of the machine.
type (
	Folder = folder
	File   = file
)

// ErrDiskFull is what a full disk is called here.
const ErrDiskFull = errDiskFull

// OpenDiskIn is OpenDisk on another file system and with another clock. Compactions run within Ack.
func OpenDiskIn(f Folder, cfg Config, micros func() uint64) (*Disk, error) {
	return openDisk(cfg.forDisk(), env{folder: f, name: FileName, micros: micros, spawn: func(f func()) { f() }})
}

// SyncNow is what SyncInterval's timer runs.
func (d *Disk) SyncNow() { d.syncNow() }

// CheckObject is what Append does first: it returns a message without white space.
func CheckObject(src []byte, maxSize int) ([]byte, error) {
	o, err := checkObject(src, maxSize)
	if err != nil {
		return nil, err
	}
	return o.appendTo(nil), nil
}

// AppendRecord appends the line of a message that Append would take.
func AppendRecord(dst, message []byte, seq uint64) []byte {
	return appendRecord(dst, object{message, len(message)}, seq)
}

// ParseRecord reads a line without its newline.
func ParseRecord(line []byte) (Message, bool) {
	r, ok := parseRecord(line)
	if !ok {
		return Message{}, false
	}
	return r.message(), true
}

// ReadForeign reads a file by another hand.
func ReadForeign(text []byte) (messages []string, junk string) {
	f := readForeign(text)
	for _, o := range f.objects {
		messages = append(messages, string(o.appendTo(nil)))
	}
	return messages, string(f.junk)
}

// CheckOnly is CheckObject without the copy.
func CheckOnly(src []byte) error {
	_, err := checkObject(src, len(src))
	return err
}
