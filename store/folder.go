package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is what a Disk needs of a file system: one folder of files. Tests put one in its place that
// fails, tears writes and loses power; for their sake the methods' names are exported.
type folder interface {
	// Open opens an existing file for reading and writing, fs.ErrNotExist if there is none.
	Open(name string) (file, error)
	// Create makes a file, empty if there was one, with the permissions of the file called like, if
	// that exists.
	Create(name, like string) (file, error)
	// Replace gives tmp, synced and called tmpName, the name of current, which it closes, and returns
	// the file to go on with. current may be nil. If it fails the file is current or nil. It is durable after Sync.
	Replace(current, tmp file, tmpName, name string) (file, error)
	// Remove deletes a file.
	Remove(name string) error
	// Sync makes all that was created, replaced and removed durable.
	Sync() error
	// Lock takes the lock that a file of this name stands for, until closed or the process dies;
	// ErrLocked if somebody has it.
	Lock(name string) (io.Closer, error)
}

// file is an open file. WriteAt that returns an error may have written any part.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
	// Size returns the file's length in bytes.
	Size() (int64, error)
}

// osFolder is the folder of the real file system at this path.
type osFolder string

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// openFolder makes the folder dir if need be, durably, and returns it with the name of the messages'
// file in it. If that file is a symbolic link, folder and name are those of what it points to, since a
// file that is replaced must be replaced there.
func openFolder(dir string) (folder, string, error) {
	if err := makeDir(dir); err != nil {
		return nil, "", fmt.Errorf("store: make folder: %w", err)
	}
	path := filepath.Join(dir, FileName)
	real, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil:
		path = real
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("store: %w", err)
	}
	return osFolder(filepath.Dir(path)), filepath.Base(path), nil
}

// makeDir is os.MkdirAll that syncs the parent of each folder it makes: a file is no safer than the
// folders on its path.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", dir)
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return osFolder(parent).Sync()
}

func (d osFolder) path(name string) string { return filepath.Join(string(d), name) }

func (d osFolder) Open(name string) (file, error) {
	f, err := os.OpenFile(d.path(name), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d osFolder) Create(name, like string) (file, error) {
	f, err := os.OpenFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(d.path(like)); err == nil {
		_ = f.Chmod(info.Mode().Perm()) // some file systems know no permissions; nothing is lost by that
	}
	return osFile{f}, nil
}

func (d osFolder) Remove(name string) error { return os.Remove(d.path(name)) }

func (d osFolder) Lock(name string) (io.Closer, error) { return lockFile(d.path(name)) }
