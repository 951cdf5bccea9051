//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/conn/internal/drive"
)

// gone is the Machine of a socket that has left its loop: its last turn is due.
type gone struct{}

func (gone) Turn(*drive.Workspace) drive.Outcome { return drive.Over }
func (gone) Writable()                           {}
func (gone) Tick(time.Time)                      {}
func (gone) Run()                                {}
func (gone) Leave(conn.Code, string)             {}
func (gone) Abort()                              {}
func (gone) FlushCork()                          {}
func (gone) Name() string                        { return "closed" }
