package app

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Handler is what happens on a connection, complete. Handlers given to routes may
// lack any of the methods; middleware gets and returns complete ones. To change
// one hook, embed the Handler in a struct and write that hook.
type Handler interface {
	// OnOpen is called first, when the handshake is done.
	OnOpen(c *Conn) error
	// OnMessage is called for each text message, in order. It is valid UTF-8, and valid
	// until the hook returns.
	OnMessage(c *Conn, text []byte) error
	// OnBinary is called for each binary message, likewise.
	OnBinary(c *Conn, data []byte) error
	// OnPing is called for a ping, which has been answered already.
	OnPing(c *Conn, payload []byte) error
	// OnPong is called for a pong, whoever asked for it.
	OnPong(c *Conn, payload []byte) error
	// OnClose is called once, last, when the connection has ended.
	OnClose(c *Conn, e *CloseError)
}

// Application is a Handler whose hooks do nothing, for handlers to embed. They
// need not: a handler may lack hooks. A message without a hook is dropped, with a
// line in the log at level Debug.
type Application struct{ silent }

// silent keeps Application's hooks apart from those that a handler writes itself:
// the log is to know which ones do nothing.
type silent struct{}

// OnOpen does nothing.
func (silent) OnOpen(*Conn) error { return nil }

// OnMessage drops the message.
func (silent) OnMessage(c *Conn, _ []byte) error { c.logUnhandled("OnMessage"); return nil }

// OnBinary drops the message.
func (silent) OnBinary(c *Conn, _ []byte) error { c.logUnhandled("OnBinary"); return nil }

// OnPing does nothing.
func (silent) OnPing(*Conn, []byte) error { return nil }

// OnPong does nothing.
func (silent) OnPong(*Conn, []byte) error { return nil }

// OnClose does nothing.
func (silent) OnClose(*Conn, *CloseError) {}

// The hooks one by one, as a handler may have them.
type (
	opener   interface{ OnOpen(*Conn) error }
	texter   interface{ OnMessage(*Conn, []byte) error }
	binarier interface{ OnBinary(*Conn, []byte) error }
	pinger   interface{ OnPing(*Conn, []byte) error }
	ponger   interface{ OnPong(*Conn, []byte) error }
	closer   interface{ OnClose(*Conn, *CloseError) }
)

// hooks are the hooks there are, each as a type with that method alone.
var hooks = []reflect.Type{
	reflect.TypeFor[opener](), reflect.TypeFor[texter](), reflect.TypeFor[binarier](),
	reflect.TypeFor[pinger](), reflect.TypeFor[ponger](), reflect.TypeFor[closer](),
}

// complete makes a Handler of a value that may lack hooks.
func complete(h any) Handler {
	if whole, ok := h.(Handler); ok {
		return whole
	}
	return &partial{h: h}
}

// partial completes a handler that lacks hooks. It holds no more than that, since
// each connection has one: to look for a hook each time costs a few nanoseconds.
type partial struct {
	Application
	h any
}

func (p *partial) OnOpen(c *Conn) error {
	if h, ok := p.h.(opener); ok {
		return h.OnOpen(c)
	}
	return nil
}

func (p *partial) OnMessage(c *Conn, text []byte) error {
	if h, ok := p.h.(texter); ok {
		return h.OnMessage(c, text)
	}
	return p.Application.OnMessage(c, text)
}

func (p *partial) OnBinary(c *Conn, data []byte) error {
	if h, ok := p.h.(binarier); ok {
		return h.OnBinary(c, data)
	}
	return p.Application.OnBinary(c, data)
}

func (p *partial) OnPing(c *Conn, payload []byte) error {
	if h, ok := p.h.(pinger); ok {
		return h.OnPing(c, payload)
	}
	return nil
}

func (p *partial) OnPong(c *Conn, payload []byte) error {
	if h, ok := p.h.(ponger); ok {
		return h.OnPong(c, payload)
	}
	return nil
}

func (p *partial) OnClose(c *Conn, e *CloseError) {
	if h, ok := p.h.(closer); ok {
		h.OnClose(c, e)
	}
}

// checkHandler reports what keeps values of type t from being handlers. The error
// wraps ErrHandler and says what to write.
func checkHandler(t reflect.Type) error {
	if t == nil {
		return fmt.Errorf("%w: the factory returned nil; return a pointer to a new handler", ErrHandler)
	}
	found := 0
	for i := range t.NumMethod() {
		m := t.Method(i)
		hook, known := hookNamed(m.Name)
		switch {
		case !looksLikeHook(m.Name):
		case !known:
			return fmt.Errorf("%w: %s has a method %s, but there is no such hook; the hooks are %s: rename it",
				ErrHandler, t, m.Name, hookNames())
		case !t.Implements(hook):
			return fmt.Errorf("%w: %s has %s of another shape; write func (h %s) %s",
				ErrHandler, t, m.Name, receiver(t), declaration(hook))
		default:
			found++
		}
	}
	if found > 0 {
		return nil
	}
	return noHooks(t)
}

// noHooks is the error for a type that has none: a value in place of a pointer, or
// a struct that nothing would ever happen to.
func noHooks(t reflect.Type) error {
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).NumMethod() > 0 && checkHandler(reflect.PointerTo(t)) == nil {
		return fmt.Errorf("%w: %s has no hooks, but *%[2]s has: return a pointer", ErrHandler, t)
	}
	return fmt.Errorf("%w: %s has no hooks; write func (h %s) %s, or embed app.Application",
		ErrHandler, t, receiver(t), declaration(reflect.TypeFor[texter]()))
}

// looksLikeHook reports whether a method's name is On and a capitalised word.
func looksLikeHook(name string) bool {
	rest, ok := strings.CutPrefix(name, "On")
	first, _ := utf8.DecodeRuneInString(rest)
	return ok && unicode.IsUpper(first)
}

// hookNamed returns the hook of that name.
func hookNamed(name string) (reflect.Type, bool) {
	for _, hook := range hooks {
		if hook.Method(0).Name == name {
			return hook, true
		}
	}
	return nil, false
}

func hookNames() string {
	var names []string
	for _, hook := range hooks {
		names = append(names, hook.Method(0).Name)
	}
	return strings.Join(names, ", ")
}

// declaration is how a hook is written in Go, from its name on.
func declaration(hook reflect.Type) string {
	m := hook.Method(0)
	parameters := []string{"c *app.Conn"}
	if m.Type.NumIn() > 1 {
		name := map[string]string{"OnMessage": "text []byte", "OnBinary": "data []byte", "OnClose": "e *app.CloseError"}[m.Name]
		if name == "" {
			name = "payload []byte"
		}
		parameters = append(parameters, name)
	}
	result := ""
	if m.Type.NumOut() > 0 {
		result = " error"
	}
	return m.Name + "(" + strings.Join(parameters, ", ") + ")" + result
}

// receiver is how t is written as a receiver's type in its own package.
func receiver(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return "*" + t.Elem().Name()
	}
	return "*" + t.Name()
}

// handlerName is a handler's type as logs and lists show it: EchoHandler.
func handlerName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return t.String()
	}
	return t.Name()
}
