package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
)

// The environment in which a process is handed sockets. The first two are those of
// systemd's socket activation, which numbers descriptors from firstInherited on.
// inheritedCount is ours: whoever starts a process doesn't know its pid before.
const (
	activationPID   = "LISTEN_PID"
	activationCount = "LISTEN_FDS"
	activationNames = "LISTEN_FDNAMES"
	inheritedCount  = "GODWIT_LISTEN_FDS"
	firstInherited  = 3
)

// maxInherited is how many sockets a process may be handed.
const maxInherited = 1024

// ActivationListeners returns the sockets that this process was started with, in their
// order: by systemd (socket activation, LISTEN_FDS), or by another process that used
// PassListeners. Hand them to Serve. Without any it returns none and no error. It takes
// the variables out of the environment, so that a second call finds none, and neither do
// processes started from this one. Call it early, before other code opens descriptors of
// its own by number.
//
// An error says that there is a number that can't be, or a descriptor that is no
// listening socket; the others are closed then. Where there is no such thing, as on
// Windows, it returns errors.ErrUnsupported if something was handed over.
func ActivationListeners() ([]net.Listener, error) {
	n, err := inherited()
	if err != nil || n == 0 {
		return nil, err
	}
	all := make([]net.Listener, 0, n)
	for fd := firstInherited; fd < firstInherited+n; fd++ {
		l, err := inheritedListener(fd)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("app: descriptor %d was handed over as a listening socket: %w", fd, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// inherited returns how many sockets there are, and forgets that it was told.
func inherited() (int, error) {
	count, ours := os.LookupEnv(inheritedCount)
	if !ours && os.Getenv(activationPID) == strconv.Itoa(os.Getpid()) {
		count = os.Getenv(activationCount)
	}
	for _, name := range []string{inheritedCount, activationPID, activationCount, activationNames} {
		os.Unsetenv(name)
	}
	if count == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxInherited {
		return 0, fmt.Errorf("app: %q sockets were handed over, want a number from 0 to %d", count, maxInherited)
	}
	return n, nil
}

// PassListeners has cmd, which isn't started yet, inherit the listeners: its process
// gets them from ActivationListeners. The sockets stay open in both: when this one is
// shut down, the other goes on accepting, and no client is refused in between. cmd must
// have no ExtraFiles of its own. Once cmd has been started, call the function returned:
// it closes what was made for it.
//
// The listeners are TCP's and those of unix sockets; one below tls.NewListener can't be
// had from it. The file of a unix socket is not removed any more when its listener here
// is closed.
func PassListeners(cmd *exec.Cmd, listeners ...net.Listener) (done func(), err error) {
	if len(cmd.ExtraFiles) > 0 {
		return nil, errors.New("app: PassListeners: the command has ExtraFiles already")
	}
	var files []*os.File
	done = func() {
		for _, f := range files {
			f.Close()
		}
	}
	for _, l := range listeners {
		f, err := fileOf(l)
		if err != nil {
			done()
			return nil, fmt.Errorf("app: listener on %s: %w", l.Addr(), err)
		}
		files = append(files, f)
	}
	cmd.ExtraFiles = files
	cmd.Env = append(cmd.Environ(), inheritedCount+"="+strconv.Itoa(len(files)))
	return done, nil
}

// fileOf returns a descriptor of the listener's socket.
func fileOf(l net.Listener) (*os.File, error) {
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // the file is the other process's now
	}
	f, ok := l.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, fmt.Errorf("a %T can't be handed over", l)
	}
	return f.File()
}
