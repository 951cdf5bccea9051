package load

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/godwit-ws/godwit/frame"
)

// closeTime is how long a server may take to end a connection.
const closeTime = 2 * time.Second

// link is one connection. Its receiving half belongs to one goroutine, its
// sending half to one, which may be another.
type link struct {
	nc   net.Conn
	tcp  bool
	recv receiver
	in   []byte // to read into
	next int    // of the deck, to be sent

	writing sync.Mutex // pongs come from the other goroutine
}

// send sends the next n messages of the deck, at most its span, in one write.
func (l *link) send(n int) error {
	frames := l.recv.deck.frames(l.next, n)
	l.next += n
	return l.write(frames)
}

func (l *link) write(p []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_, err := l.nc.Write(p)
	return err
}

// receive reads once and returns how many messages that completed.
func (l *link) receive() (int, error) {
	n, err := l.nc.Read(l.in)
	done, wrong := l.recv.take(l.in[:n])
	switch {
	case wrong != nil:
		return done, wrong
	case n > 0:
		return done, nil // an error comes again
	case err == io.EOF:
		return done, io.ErrUnexpectedEOF
	}
	return done, err
}

// exchange sends the next n messages and waits until they have come back.
func (l *link) exchange(n int) error {
	if err := l.send(n); err != nil {
		return err
	}
	for n > 0 {
		done, err := l.receive()
		if err != nil {
			return err
		}
		n -= done
	}
	return nil
}

// ping waits until the server has answered a ping (RFC 6455 §5.5.2): what it does
// before it reads, it has then done. Nothing else may be on the way.
func (l *link) ping() error {
	if err := l.control(frame.Ping, nil); err != nil {
		return err
	}
	for l.recv.pongs == 0 {
		done, err := l.receive()
		switch {
		case err != nil:
			return err
		case done > 0:
			return l.recv.wrong("nothing had been sent")
		}
	}
	return nil
}

// pong answers a ping (RFC 6455 §5.5.3).
func (l *link) pong(payload []byte) error { return l.control(frame.Pong, payload) }

// control sends a control frame.
func (l *link) control(op frame.Opcode, payload []byte) error {
	h := frame.Header{Fin: true, Masked: true, Opcode: op, Length: int64(len(payload))} // a key of 0 masks nothing
	return l.write(append(frame.AppendHeader(nil, h), payload...))
}

// leave closes the connection in order (RFC 6455 §7.1.1): it sends Close, and
// waits until the server has closed TCP, or for closeTime.
func (l *link) leave() error {
	defer l.nc.Close()
	l.nc.SetDeadline(time.Now().Add(closeTime))
	if half, ok := l.nc.(interface{ CloseWrite() error }); l.tcp && ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	} else {
		normal, err := frame.AppendClosePayload(nil, frame.CodeNormal, "")
		if err != nil {
			return err
		}
		if err := l.control(frame.Close, normal); err != nil {
			return err
		}
	}
	for {
		n, err := l.nc.Read(l.in)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF: // the latter over TLS without its close_notify
			return nil
		case err != nil:
			return err
		}
		if _, err := l.recv.take(l.in[:n]); err != nil {
			if _, closed := errors.AsType[*closedError](err); !closed {
				return err
			}
		}
	}
}
