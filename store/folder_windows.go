package store

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// How often, and how far apart, a rename is tried: scanners and indexers open files for a moment.
const (
	renameTries = 20
	renamePause = 25 * time.Millisecond
)

// Replace closes both files first, since Windows renames no file that is open and replaces none.
func (d osFolder) Replace(current, tmp file, tmpName, name string) (file, error) {
	err := tmp.Close()
	if current != nil {
		err = errors.Join(err, current.Close())
	}
	if err == nil {
		err = rename(d.path(tmpName), d.path(name))
	}
	f, openErr := d.Open(name)
	if openErr != nil {
		return nil, errors.Join(err, openErr)
	}
	return f, err
}

func rename(from, to string) (err error) {
	for range renameTries {
		if err = os.Rename(from, to); err == nil {
			return nil
		}
		time.Sleep(renamePause)
	}
	return err
}

// Sync does nothing: NTFS keeps the order of renames in its journal, and folders can't be flushed.
func (d osFolder) Sync() error { return nil }

// Windows' names for a full disk, which package syscall lacks.
const (
	errHandleDiskFull = syscall.Errno(39)
	errDiskFull       = syscall.Errno(112)
	errDiskQuota      = syscall.Errno(1295)
)

// isDiskFull reports whether err says that the disk, or what the user may have of it, is used up.
func isDiskFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, errHandleDiskFull) || errors.Is(err, errDiskQuota)
}
