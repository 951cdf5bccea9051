package found

import (
	"strconv"

	"github.com/godwit-ws/godwit/app"
)

var chat = app.NewBlueprint("/chat")

var _ = chat.Route("/room/{str:room_id}", func() any { return new(Chat) })

// Chat numbers its own messages.
type Chat struct{ n int }

func (h *Chat) OnMessage(c *app.Conn, text []byte) error {
	h.n++
	return c.SendText(strconv.Itoa(h.n) + " " + string(text))
}
