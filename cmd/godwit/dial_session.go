package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/godwit-ws/godwit/conn"
)

// pongTime is how long a pong is waited for.
const pongTime = 5 * time.Second

// session is a conversation of dial: one goroutine prints what comes, another
// sends what is typed.
type session struct {
	conn  *conn.Conn
	stdio stdio
	wait  time.Duration
	heard chan struct{} // of one place: a message has come
	ended chan struct{} // closed when no more will come
}

func newSession(c *conn.Conn, s stdio, wait time.Duration) *session {
	return &session{conn: c, stdio: s, wait: wait, heard: make(chan struct{}, 1), ended: make(chan struct{})}
}

// run talks until the connection ends, input ends, or ctx does. It returns nil
// after a normal end.
func (s *session) run(ctx context.Context) error {
	go s.receive()
	lines := s.readLines()
	for {
		select {
		case <-ctx.Done():
			return s.close(conn.CodeGoingAway, "")
		case <-s.ended:
			return s.ending()
		case line, ok := <-lines:
			if !ok {
				return s.finish(ctx)
			}
			if end := s.input(ctx, line); end != nil {
				return s.close(end.Code, end.Reason)
			}
		}
	}
}

// receive prints messages until the connection has ended.
func (s *session) receive() {
	defer close(s.ended)
	for m, err := range s.conn.Messages(context.Background()) {
		if err != nil {
			return // ending tells of it
		}
		fmt.Fprintln(s.stdio.out, display(m))
		select {
		case s.heard <- struct{}{}:
		default:
		}
	}
}

// readLines returns a channel of the lines of standard input. It is closed at
// their end.
func (s *session) readLines() <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewReader(s.stdio.in)
		for {
			line, err := in.ReadString('\n')
			if line == "" && err != nil {
				s.noteReadError(err)
				return
			}
			select {
			case lines <- strings.TrimRight(line, "\r\n"):
			case <-s.ended:
				return
			}
		}
	}()
	return lines
}

func (s *session) noteReadError(err error) {
	if !errors.Is(err, io.EOF) {
		s.note("reading input: %v", err)
	}
}

// finish ends a session whose input has ended, when the answers have come. The
// pong comes behind everything the server had sent before it; what takes the
// server longer is waited for until it is quiet.
func (s *session) finish(ctx context.Context) error {
	s.ping(ctx) // a server that doesn't answer is given its time all the same
	var quiet <-chan time.Time
	for {
		if s.wait >= 0 {
			quiet = time.After(s.wait)
		}
		select {
		case <-s.heard:
		case <-quiet:
			return s.close(conn.CodeNormal, "")
		case <-ctx.Done():
			return s.close(conn.CodeGoingAway, "")
		case <-s.ended:
			return s.ending()
		}
	}
}

// ping measures a round trip.
func (s *session) ping(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, pongTime)
	defer cancel()
	return s.conn.Ping(ctx)
}

// close does the closing handshake, and tells how it went.
func (s *session) close(code conn.Code, reason string) error {
	s.conn.Close(context.Background(), code, reason) // ending has its error too
	<-s.ended
	return s.ending()
}

// ending tells how the connection ended: as a note if it was a normal end, else
// as the error.
func (s *session) ending() error {
	e, ok := errors.AsType[*conn.CloseError](s.conn.Err())
	switch {
	case !ok:
		panic("godwit: an end without a CloseError")
	case e.Err != nil:
		return e
	case e.Remote && e.Code != conn.CodeNormal && e.Code != conn.CodeGoingAway && e.Code != conn.CodeNoStatus:
		return e
	}
	s.note("%v", e)
	return nil
}

// note says something that is no message.
func (s *session) note(format string, args ...any) {
	fmt.Fprintf(s.stdio.err, format+"\n", args...)
}
