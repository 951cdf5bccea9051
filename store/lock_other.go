//go:build !darwin && !dragonfly && !freebsd && !illumos && !linux && !netbsd && !openbsd && !windows

package store

import (
	"errors"
	"fmt"
	"io"
)

// lockFile refuses: two writers would destroy each other's messages, and this system offers no lock
// that goes away with its process.
func lockFile(path string) (io.Closer, error) {
	return nil, fmt.Errorf("store: lock %s: %w", path, errors.ErrUnsupported)
}
