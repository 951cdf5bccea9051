package handshake

import (
	"crypto/sha1"
	"encoding/base64"
)

const (
	// acceptGUID is appended to a key to prove that a WebSocket server answers (RFC 6455 §1.3).
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	keyLen     = 24 // 16 bytes in base64
	acceptLen  = 28 // a SHA-1 sum in base64
)

// NewKey returns the Sec-WebSocket-Key for 16 random bytes (RFC 6455 §4.1). Draw them anew for each
// connection.
func NewKey(random [16]byte) string {
	return base64.StdEncoding.EncodeToString(random[:])
}

// AcceptKey returns the Sec-WebSocket-Accept that belongs to key (RFC 6455 §4.2.2). The key is
// hashed as it stands, not validated.
func AcceptKey(key string) string {
	var joined [keyLen + len(acceptGUID)]byte // a valid key fits; append moves away for any other
	sum := sha1.Sum(append(append(joined[:0], key...), acceptGUID...))
	var out [acceptLen]byte
	base64.StdEncoding.Encode(out[:], sum[:])
	return string(out[:])
}

// isKey reports whether s is 16 bytes in canonical base64 (RFC 6455 §4.2.1): 22 letters of the
// alphabet, the last of which carries two bits, and "==".
func isKey(s string) bool {
	if len(s) != keyLen || s[22:] != "==" || !all(s[:22], isBase64) {
		return false
	}
	switch s[21] {
	case 'A', 'Q', 'g', 'w': // the four whose low bits, which mean nothing, are zero
		return true
	}
	return false
}

func isBase64(c byte) bool { return isAlpha(c) || isDigit(c) || c == '+' || c == '/' }
