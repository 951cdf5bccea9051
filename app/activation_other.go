//go:build !unix

package app

import (
	"errors"
	"net"
)

// inheritedListener can't be had here.
func inheritedListener(int) (net.Listener, error) { return nil, errors.ErrUnsupported }
