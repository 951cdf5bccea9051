package handshake

import "strings"

// maxOffers bounds how many subprotocols and how many extensions of one request are looked at.
const maxOffers = 32

// hasToken reports whether the comma-separated list has token among its elements, in any case of
// letters. Elements that are no tokens are passed over.
func hasToken(list, token string) bool {
	for list != "" {
		var element string
		element, list, _ = strings.Cut(list, ",")
		if equalFold(trimOWS(element), token) {
			return true
		}
	}
	return false
}

// nextToken takes the first element off a comma-separated list of tokens. Empty elements are passed
// over (RFC 9110 §5.6.1.2); token is "" when the list has ended. ok is false for an element that is
// no token.
func nextToken(list string) (token, rest string, ok bool) {
	for list != "" {
		var element string
		element, list, _ = strings.Cut(list, ",")
		if element = trimOWS(element); element != "" {
			return element, list, isToken(element)
		}
	}
	return "", "", true
}
