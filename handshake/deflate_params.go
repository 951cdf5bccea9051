package handshake

import "strconv"

// parseDeflate reads the parameters of a permessage-deflate element. ok is false where a parameter
// is unknown, repeated or has an invalid value, which makes the whole element unacceptable
// (RFC 7692 §7.1).
func parseDeflate(e *extension) (o DeflateOffer, ok bool) {
	o.ClientMaxWindowBits = bitsAbsent
	if e.n > maxParams {
		return o, false
	}
	for _, p := range e.params[:e.n] {
		repeated := false
		switch p.name {
		case "server_no_context_takeover":
			repeated, ok = o.ServerNoContextTakeover, !p.hasValue
			o.ServerNoContextTakeover = true
		case "client_no_context_takeover":
			repeated, ok = o.ClientNoContextTakeover, !p.hasValue
			o.ClientNoContextTakeover = true
		case "server_max_window_bits":
			repeated = o.ServerMaxWindowBits != 0
			o.ServerMaxWindowBits, ok = parseBits(p.value)
		case "client_max_window_bits":
			repeated = o.ClientMaxWindowBits != bitsAbsent
			o.ClientMaxWindowBits, ok = parseBits(p.value)
			if !p.hasValue {
				o.ClientMaxWindowBits, ok = bitsOpen, true
			}
		default:
			ok = false
		}
		if !ok || repeated {
			return o, false
		}
	}
	return o, true
}

// parseBits parses 8 to 15 without leading zeros (RFC 7692 §7.1.2). A backslash is an escape of a
// quoted-string: the byte after it stands for itself.
func parseBits(s string) (bits int, ok bool) {
	for i := range len(s) {
		switch {
		case s[i] == '\\':
		case !isDigit(s[i]), bits == 0 && s[i] == '0', bits > maxWindowBits:
			return 0, false
		default:
			bits = bits*10 + int(s[i]-'0')
		}
	}
	return bits, isBits(bits)
}

// appendDeflate writes o as an element of Sec-WebSocket-Extensions.
func appendDeflate(dst []byte, o DeflateOffer) []byte {
	dst = append(dst, deflateName...)
	if o.ServerNoContextTakeover {
		dst = append(dst, "; server_no_context_takeover"...)
	}
	if o.ClientNoContextTakeover {
		dst = append(dst, "; client_no_context_takeover"...)
	}
	if o.ServerMaxWindowBits != 0 {
		dst = append(dst, "; server_max_window_bits="...)
		dst = strconv.AppendInt(dst, int64(o.ServerMaxWindowBits), 10)
	}
	if o.ClientMaxWindowBits >= 0 {
		dst = append(dst, "; client_max_window_bits"...)
	}
	if o.ClientMaxWindowBits > 0 {
		dst = append(dst, '=')
		dst = strconv.AppendInt(dst, int64(o.ClientMaxWindowBits), 10)
	}
	return dst
}
