package handshake

import "strings"

// maxParams is how many parameters of an extension are kept: permessage-deflate has four, so an
// offer with more has an unknown or a repeated one.
const maxParams = 4

// param is one parameter of an extension.
type param struct {
	name     string
	value    string // without the quotes, its escapes still in it
	hasValue bool
}

// extension is one element of Sec-WebSocket-Extensions (RFC 6455 §9.1).
type extension struct {
	name   string
	params [maxParams]param
	n      int // parameters seen; those past maxParams are counted, not kept
}

// nextExtension takes the first element off a list of extensions, passing over empty ones. e.name is
// "" when the list has ended. ok is false where the text breaks the grammar:
//
//	extension = token *( ";" token [ "=" ( token / quoted-string ) ] )
//
// with optional spaces and tabs around separators. It reads each byte once.
func nextExtension(list string) (e extension, rest string, ok bool) {
	list = strings.TrimLeft(list, ", \t")
	if list == "" {
		return extension{}, "", true
	}
	e.name, list = cutToken(list)
	if e.name == "" {
		return extension{}, "", false
	}
	for {
		list = skipOWS(list)
		if list == "" {
			return e, "", true
		}
		separator := list[0]
		list = skipOWS(list[1:])
		switch separator {
		case ',':
			return e, list, true
		case ';':
			var p param
			if p, list, ok = nextParam(list); !ok {
				return extension{}, "", false
			}
			if e.n < maxParams {
				e.params[e.n] = p
			}
			e.n++
		default:
			return extension{}, "", false
		}
	}
}

// nextParam takes one parameter off the front of s.
func nextParam(s string) (p param, rest string, ok bool) {
	p.name, s = cutToken(s)
	if p.name == "" {
		return param{}, "", false
	}
	s = skipOWS(s)
	if s == "" || s[0] != '=' {
		return p, s, true
	}
	p.hasValue = true
	s = skipOWS(s[1:])
	if s != "" && s[0] == '"' {
		p.value, rest, ok = cutQuoted(s[1:])
		return p, rest, ok
	}
	p.value, rest = cutToken(s)
	return p, rest, p.value != ""
}

// cutToken takes the longest token off the front of s; it may be empty.
func cutToken(s string) (token, rest string) {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// cutQuoted takes a quoted-string whose opening quote is already gone off the front of s. What it
// stands for must be a token (RFC 6455 §9.1), so apart from the escapes only token bytes may occur.
func cutQuoted(s string) (value, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return s[:i], s[i+1:], i > 0
		}
		if s[i] == '\\' {
			i++ // the byte after it stands for itself
		}
		if i == len(s) || !isTokenByte(s[i]) {
			break
		}
	}
	return "", "", false
}

func skipOWS(s string) string {
	for s != "" && isOWS(s[0]) {
		s = s[1:]
	}
	return s
}
