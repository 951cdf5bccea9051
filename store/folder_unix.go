//go:build unix || wasip1 || js

package store

import (
	"errors"
	"os"
	"syscall"
)

// Replace renames: both files may stay open, and the old one stays in use if it fails.
func (d osFolder) Replace(current, tmp file, tmpName, name string) (file, error) {
	if err := os.Rename(d.path(tmpName), d.path(name)); err != nil {
		return current, err
	}
	if current != nil {
		current.Close() // nothing in it is wanted any more
	}
	return tmp, nil
}

// Sync syncs the folder itself: its list of names.
func (d osFolder) Sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// What a full disk and a used-up quota are called here.
const (
	errDiskFull  = syscall.ENOSPC
	errDiskQuota = syscall.EDQUOT
)

// isDiskFull reports whether err says that the disk, or what the user may have of it, is used up.
func isDiskFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, errDiskQuota)
}
