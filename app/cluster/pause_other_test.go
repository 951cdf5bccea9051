//go:build !unix

package cluster_test

func (p *process) pause() { p.t.Skip("no process can be stopped here") }
func (p *process) goOn()  {}
