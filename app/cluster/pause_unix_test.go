//go:build unix

package cluster_test

import "syscall"

// pause stops the process where it stands, and goOn lets it go on: a machine that is far
// too busy, or a virtual one that is moved.
func (p *process) pause() { p.signal(syscall.SIGSTOP) }
func (p *process) goOn()  { p.signal(syscall.SIGCONT) }

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}
