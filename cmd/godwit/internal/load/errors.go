package load

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/godwit-ws/godwit/frame"
)

// ErrConfig is wrapped by the errors of a Config that makes no sense.
var ErrConfig = errors.New("load: bad configuration")

// badConfig says what makes no sense.
func badConfig(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
}

// ErrServerStats is returned where CPU time and memory of another process can't
// be read: on other systems than Linux.
var ErrServerStats = errors.New("load: the server's CPU time and memory can be read on Linux only")

// ErrNoPorts is wrapped by the error of a connection for which no local port was
// left: more Sources have more.
var ErrNoPorts = errors.New("load: no local port is left")

// dialError says what a failed connect means, where that isn't plain.
func dialError(err error) error {
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Errorf("%w: %w", ErrNoPorts, err)
	}
	return err
}

// errStalled says that a server left messages unanswered.
var errStalled = errors.New("load: the server doesn't answer any more")

// closedError says that the server has sent Close.
type closedError struct {
	code   frame.Code
	reason string
}

func (e *closedError) Error() string {
	if e.reason == "" {
		return fmt.Sprintf("load: the server closed with %v", e.code)
	}
	return fmt.Sprintf("load: the server closed with %v: %q", e.code, e.reason)
}
