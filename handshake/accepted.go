package handshake

// AppendAccepted appends the 101 answer for a to dst (RFC 6455 §4.2.2). extra fields, such as
// cookies, follow ours in order. An extra field whose name is no token or reserved for the handshake
// (Connection, Content-Length, Host, Transfer-Encoding, Upgrade, Sec-WebSocket-*), or whose value
// holds a control character, is ErrHeaderField, and dst is returned as it was.
func AppendAccepted(dst []byte, a Accepted, extra []Field) ([]byte, error) {
	if err := checkExtra(extra); err != nil {
		return dst, err
	}
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = appendField(dst, "Sec-WebSocket-Accept", a.AcceptKey)
	if a.Subprotocol != "" {
		dst = appendField(dst, protocolField, a.Subprotocol)
	}
	if a.Compressed {
		dst = append(dst, extensionField+": "...)
		dst = appendDeflate(dst, a.answer())
		dst = append(dst, "\r\n"...)
	}
	for _, f := range extra {
		dst = appendField(dst, f.Name, f.Value)
	}
	return append(dst, "\r\n"...), nil
}

// answer gives the parameters that have to be written. A client's window below the default implies
// that the client offered to have it chosen.
func (a *Accepted) answer() DeflateOffer {
	o := DeflateOffer{
		ServerNoContextTakeover: a.Deflate.ServerNoContextTakeover,
		ClientNoContextTakeover: a.Deflate.ClientNoContextTakeover,
		ServerMaxWindowBits:     a.Deflate.ServerMaxWindowBits,
		ClientMaxWindowBits:     a.Deflate.ClientMaxWindowBits,
	}
	if o.ServerMaxWindowBits == maxWindowBits && !a.nameServerBits {
		o.ServerMaxWindowBits = 0
	}
	if o.ClientMaxWindowBits == maxWindowBits {
		o.ClientMaxWindowBits = bitsAbsent
	}
	return o
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// checkExtra returns the first error of a caller's fields.
func checkExtra(fields []Field) error {
	for _, f := range fields {
		if err := f.Check(); err != nil {
			return err
		}
	}
	return nil
}
