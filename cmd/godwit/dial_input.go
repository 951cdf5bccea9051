package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/godwit-ws/godwit/conn"
)

// inputHelp lists what input understands besides text.
const inputHelp = `
  /ping                  measure a round trip
  /binary HEX            send a binary message: /binary 01 02 ff
  /close [CODE [REASON]] close the connection; without a code with 1000
  /help                  this list
`

// input does what a typed line says. If it asks for the end of the connection,
// input returns with what to close it; what can't be done is noted.
func (s *session) input(ctx context.Context, line string) *conn.CloseError {
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		s.send(ctx, conn.Text, []byte(strings.TrimPrefix(line, "/")))
		return nil
	}
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "/ping":
		s.inputPing(ctx)
	case "/binary":
		s.inputBinary(ctx, rest)
	case "/close":
		return s.inputClose(rest)
	case "/help":
		s.note("%s", strings.Trim(inputHelp, "\n"))
	default:
		s.note("no command %s; /help lists them, a text that begins with a slash is typed with two", escape(name))
	}
	return nil
}

// send sends a message.
func (s *session) send(ctx context.Context, op conn.Opcode, p []byte) {
	if err := s.conn.Write(ctx, op, p); worthNoting(ctx, err) {
		s.note("not sent: %v", err)
	}
}

// worthNoting reports whether err is anything but the end of the connection or of
// ctx, which is told once and elsewhere.
func worthNoting(ctx context.Context, err error) bool {
	return err != nil && !errors.Is(err, conn.ErrClosed) && ctx.Err() == nil
}

func (s *session) inputPing(ctx context.Context) {
	trip, err := s.ping(ctx)
	switch {
	case err == nil:
		s.note("pong after %v", trip)
	case worthNoting(ctx, err):
		s.note("no pong: %v", err)
	}
}

func (s *session) inputBinary(ctx context.Context, digits string) {
	p, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		s.note("not sent: %v; write /binary 01 02 ff", err)
		return
	}
	s.send(ctx, conn.Binary, p)
}

// inputClose reads a code and a reason, and returns nil if they can't be sent.
func (s *session) inputClose(args string) *conn.CloseError {
	digits, reason, _ := strings.Cut(strings.TrimSpace(args), " ")
	if digits == "" {
		return &conn.CloseError{Code: conn.CodeNormal}
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	switch code := conn.Code(n); {
	case err != nil || !code.Sendable():
		s.note("not closed: %s is no code that may be sent; 1000 and 3000 to 4999 are", escape(digits))
		return nil
	case !utf8.ValidString(reason):
		s.note("not closed: the reason is not UTF-8")
		return nil
	default:
		return &conn.CloseError{Code: code, Reason: reason}
	}
}
