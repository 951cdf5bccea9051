package main

import (
	"encoding/json"
	"time"
	"unicode"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// maxNickname is the longest nickname of the chat, in characters.
const maxNickname = 32

// demoChat is a member of a room, which is a topic.
type demoChat struct {
	Room string `path:"room"`
	name string
}

// chatRequest is what a member sends.
type chatRequest struct {
	Say string `json:"say"` // to all in the room
	Who bool   `json:"who"` // asks who is there
}

// chatEvent is what members get. Its type is joined, left, said, here (the answer to
// who, and to joining) or mistake.
type chatEvent struct {
	Type    string   `json:"type"`
	From    string   `json:"from,omitempty"`
	Text    string   `json:"text,omitempty"`
	Members []string `json:"members,omitempty"`
	Time    string   `json:"time"` // RFC 3339
}

// OnOpen takes the nickname from the query and joins the room.
func (h *demoChat) OnOpen(c *app.Conn) error {
	h.name = nickname(c.Request().Query().Get("name"), c.ID())
	c.SetPresence(h.name)
	if err := c.Join(h.topic()); err != nil {
		return &app.CloseError{Code: conn.CodePolicyViolation, Reason: "the room's name is too long", Err: err}
	}
	if _, err := c.To(h.topic()).Except(c).JSON(event("joined", h.name, "")); err != nil {
		return err
	}
	return h.here(c) // once it has come, whoever joins next isn't told of this one
}

// OnMessage does what a member asks for.
func (h *demoChat) OnMessage(c *app.Conn, text []byte) error {
	var r chatRequest
	err := json.Unmarshal(text, &r)
	switch {
	case err == nil && r.Say != "":
		_, err := c.To(h.topic()).JSON(event("said", h.name, r.Say))
		return err
	case err == nil && r.Who:
		return h.here(c)
	}
	return c.SendJSON(event("mistake", "", `write {"say":"hello"} to speak, or {"who":true} to ask who is there`))
}

// OnClose tells the others.
func (h *demoChat) OnClose(c *app.Conn, _ *app.CloseError) {
	c.Server().To(h.topic()).JSON(event("left", h.name, "")) // nobody may be there
}

func (h *demoChat) topic() string { return "chat/" + h.Room }

// here says who is in the room.
func (h *demoChat) here(c *app.Conn) error {
	members, err := c.Members(h.topic())
	if err != nil {
		return err
	}
	e := event("here", "", "")
	for _, m := range members {
		if name, ok := m.Info.(string); ok {
			e.Members = append(e.Members, name)
		}
	}
	return c.SendJSON(e)
}

func event(kind, from, text string) chatEvent {
	return chatEvent{Type: kind, From: from, Text: text, Time: time.Now().Format(time.RFC3339)}
}

// nickname makes a nickname of what a client asks for: its printable characters, at
// most maxNickname. Without any it is guest and the connection's id.
func nickname(asked, id string) string {
	var name []rune
	for _, r := range asked {
		if unicode.IsPrint(r) && len(name) < maxNickname {
			name = append(name, r)
		}
	}
	if len(name) == 0 {
		return "guest-" + id
	}
	return string(name)
}
