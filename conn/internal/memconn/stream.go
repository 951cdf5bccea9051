package memconn

import (
	"sync"
	"time"
)

// stream is one direction of a pair: bytes from one writer end to one reader end. What an end can
// do to a direction (close it, set a deadline) is state of the stream, so that one lock covers
// everything a blocked call looks at.
type stream struct {
	mu       sync.Mutex // guards all below; released by every wait
	readable sync.Cond  // readers: bytes came, or one of the conditions readErr looks at changed
	writable sync.Cond  // writers: room or the turn came free, or what writeErr looks at changed

	buf           ring
	readDeadline  deadline // of the reader end
	writeDeadline deadline // of the writer end

	turns turns // of the writers

	readerClosed bool // the reader end was closed
	writerClosed bool // the writer end was closed
	finished     bool // nothing more will be written: CloseWrite or Close of the writer end
	reset        bool // the connection was lost
}

func newStream() *stream {
	s := new(stream)
	s.readable.L = &s.mu
	s.writable.L = &s.mu
	return s
}

// read is Conn.Read without the wrapping of errors.
func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.readErr(len(p)); err != nil {
			return 0, err
		}
		if s.buf.len() > 0 || len(p) == 0 {
			n := s.buf.read(p)
			s.writable.Broadcast()
			return n, nil
		}
		if s.finished {
			return 0, errEOF
		}
		s.readable.Wait()
	}
}

// readErr returns why a read of up to size bytes can't be served, whatever is buffered.
func (s *stream) readErr(size int) error {
	switch {
	case s.readerClosed:
		return errClosed
	case s.reset:
		return errReset
	case s.readDeadline.expired && size > 0: // TCP serves an empty read at any time
		return errTimeout
	}
	return nil
}

// write is Conn.Write without the wrapping of errors.
func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.awaitTurn(); err != nil {
		return 0, err
	}
	defer s.endTurn()
	for {
		if err := s.writeErr(); err != nil {
			return n, err
		}
		if k := s.buf.write(p[n:]); k > 0 {
			n += k
			s.readable.Broadcast()
		}
		if n == len(p) {
			return n, nil
		}
		s.writable.Wait()
	}
}

// awaitTurn waits until all earlier writes are done. Without an error, endTurn has to follow.
func (s *stream) awaitTurn() error {
	turn := s.turns.take()
	for !s.turns.isNow(turn) {
		if err := s.writeErr(); err != nil {
			s.turns.giveUp(turn)
			return err
		}
		s.writable.Wait()
	}
	return nil
}

func (s *stream) endTurn() {
	s.turns.end()
	s.writable.Broadcast()
}

// writeErr returns why a write can't go on.
func (s *stream) writeErr() error {
	switch {
	case s.writerClosed:
		return errClosed
	case s.reset:
		return errReset
	case s.finished, s.readerClosed:
		return errNoReader
	case s.writeDeadline.expired:
		return errTimeout
	}
	return nil
}

// closeReader closes the reader end: its reads fail, and so do the peer's writes.
func (s *stream) closeReader() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readerClosed {
		return errClosed
	}
	s.readerClosed = true
	s.readDeadline.stop()
	s.buf.drop()
	s.wakeAll()
	return nil
}

// closeWriter closes the writer end: its writes fail, and the reader end finds the end.
func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writerClosed, s.finished = true, true
	s.writeDeadline.stop()
	s.wakeAll()
}

// finish lets the reader end find the end after what is buffered.
func (s *stream) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writerClosed {
		return errClosed
	}
	s.finished = true
	s.wakeAll()
	return nil
}

// abort drops what is buffered and makes both ends fail.
func (s *stream) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset = true
	s.buf.drop()
	s.wakeAll()
}

// wakeAll lets every blocked call look at the state again.
func (s *stream) wakeAll() {
	s.readable.Broadcast()
	s.writable.Broadcast()
}

func (s *stream) setReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readerClosed {
		return errClosed
	}
	s.readDeadline.set(t, &s.readable)
	return nil
}

func (s *stream) setWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writerClosed {
		return errClosed
	}
	s.writeDeadline.set(t, &s.writable)
	return nil
}
