package eventloop

type watchedTurn struct{}

func (w *watchedTurn) begin(s *socket) {}
func (w *watchedTurn) end()            {}
