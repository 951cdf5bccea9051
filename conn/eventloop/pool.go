package eventloop

import "github.com/godwit-ws/godwit/conn/internal/drive"

type pool struct{}

func (p *pool) submit(s *socket) {
	go func() {
		w := drive.Workspace{Scratch: make([]byte, scratchSize)}
		for !s.turns(&w) {
		}
	}()
}
func (p *pool) wait() {}
