package proxy

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// MaxReplyHeader is the longest header that a CONNECT proxy may send, in bytes, counted with the
// headers of all informational (1xx) replies before the final one.
const MaxReplyHeader = 64 << 10

// firstRead is the size of the first read of a reply. Most headers fit.
const firstRead = 1 << 10

// readReply reads the final reply to a request and returns its status, 101 or 200 to 999, and the
// bytes after its header that came with it, if any. The error Is ErrReply,
// io.ErrUnexpectedEOF or r's.
func readReply(r io.Reader) (status int, rest []byte, err error) {
	buf := make([]byte, 0, firstRead)
	var h replyHeader
	for {
		done, err := h.parse(buf)
		if err != nil {
			return 0, nil, err
		}
		if done {
			return h.status, bytes.Clone(buf[h.line:]), nil
		}
		if len(buf) == MaxReplyHeader {
			return 0, nil, fmt.Errorf("%w: header longer than %d bytes", ErrReply, MaxReplyHeader)
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), MaxReplyHeader)])
		buf = buf[:len(buf)+n]
		if n == 0 && err != nil {
			return 0, nil, unexpected(err)
		}
	}
}

// replyHeader is how far a reply has been parsed. It goes on where it stopped: every byte is looked
// at once, however small the pieces in which the reply comes. The zero value is the beginning.
type replyHeader struct {
	line   int // where the current line begins
	seen   int // up to here there is no further end of a line
	status int // 0 before the status line
}

// parse goes on with b, which begins with what it was given before. It is done when the final reply's
// header is complete; h.line is then its length. Informational replies are skipped, except 101, since
// no change of protocol was asked for. It returns an ErrReply at the first line that is wrong, or, in
// the status line, at the first wrong byte of the protocol's name.
func (h *replyHeader) parse(b []byte) (done bool, err error) {
	for {
		end := bytes.IndexByte(b[h.seen:], '\n')
		if end < 0 {
			h.seen = len(b)
			return false, h.checkPartial(b[h.line:])
		}
		end += h.seen
		line, ok := bytes.CutSuffix(b[h.line:end], []byte("\r"))
		if !ok {
			return false, fmt.Errorf("%w: line ends without CR", ErrReply)
		}
		h.line, h.seen = end+1, end+1
		if len(line) == 0 && h.status != 0 {
			if h.status >= 200 || h.status == 101 {
				return true, nil
			}
			h.status = 0
			continue
		}
		if err := h.parseLine(line); err != nil {
			return false, err
		}
	}
}

// protocol is how a status line begins; a digit follows (RFC 9112 §2.3, §4).
const protocol = "HTTP/1."

// checkPartial checks what there is of an unfinished line.
func (h *replyHeader) checkPartial(line []byte) error {
	if h.status != 0 {
		return nil
	}
	n := min(len(line), len(protocol))
	if string(line[:n]) != protocol[:n] {
		return fmt.Errorf("%w: not HTTP/1", ErrReply)
	}
	return nil
}

// parseLine takes a line without its end: the status line or a field.
func (h *replyHeader) parseLine(line []byte) (err error) {
	if h.status == 0 {
		h.status, err = parseStatusLine(line)
		return err
	}
	return checkField(line)
}

// parseStatusLine returns the status in a line like "HTTP/1.1 200 Connection established", 100 to 999
// (RFC 9112 §4). The reason may be missing, with its space: that is common, and harmless.
func parseStatusLine(line []byte) (int, error) {
	rest, ok := bytes.CutPrefix(line, []byte(protocol))
	if !ok {
		return 0, fmt.Errorf("%w: not HTTP/1", ErrReply)
	}
	if len(rest) < 5 || !isDigit(rest[0]) || rest[1] != ' ' {
		return 0, fmt.Errorf("%w: status line", ErrReply)
	}
	code, reason := rest[2:5], rest[5:]
	if code[0] == '0' || !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) {
		return 0, fmt.Errorf("%w: status line", ErrReply)
	}
	if len(reason) > 0 && (reason[0] != ' ' || !isText(reason)) {
		return 0, fmt.Errorf("%w: status line", ErrReply)
	}
	return int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0'), nil
}

// checkField checks a header field, name:value (RFC 9112 §5). A line that begins with a space (an old
// way to continue the one before), or has one before the colon, is wrong. No field means anything to
// us.
func checkField(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, notInToken) || !isText(value) {
		return fmt.Errorf("%w: header field", ErrReply)
	}
	return nil
}

// notInToken reports whether r may not stand in a token (RFC 9110 §5.6.2).
func notInToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return r > '~' || !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// isText reports whether b is free of control characters other than the tab (RFC 9110 §5.5).
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
