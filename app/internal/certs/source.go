package certs

import (
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// checkInterval is how long the files are left alone between two looks.
const checkInterval = time.Second

// Source is a certificate that follows its files.
type Source struct {
	certFile, keyFile string
	report            func(error)
	start             time.Time

	current atomic.Pointer[tls.Certificate] // never nil, never changed
	checked atomic.Int64                    // when the last look ended, in nanoseconds from start

	mu   sync.Mutex // held by whoever looks; guards seen
	seen digest     // of what the last look found, good or bad
}

// New reads a certificate, with its chain, and its key from two PEM files. report, which may be nil, is
// given each fault found later, on the goroutine of a handshake and never twice at once; it delays
// that handshake alone. The error of New wraps that of the file or of crypto/tls.
func New(certFile, keyFile string, report func(error)) (*Source, error) {
	if report == nil {
		report = func(error) {}
	}
	s := &Source{certFile: certFile, keyFile: keyFile, report: report, start: time.Now()}
	found := s.read()
	pair, err := found.parse()
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	s.current.Store(&pair)
	s.seen = found.sum()
	return s, nil
}

// Get returns the certificate in use, after a look at the files if that is due and nobody else is at it.
// It never fails; the argument isn't used.
func (s *Source) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if s.isDue() && s.mu.TryLock() {
		s.look()
	}
	return s.current.Load(), nil
}

func (s *Source) isDue() bool {
	return time.Since(s.start)-time.Duration(s.checked.Load()) >= checkInterval
}

// look takes up what the files hold if it is new and good. It unlocks mu.
func (s *Source) look() {
	defer s.mu.Unlock()
	if !s.isDue() { // another has looked since
		return
	}
	defer func() { s.checked.Store(int64(time.Since(s.start))) }()
	found := s.read()
	sum := found.sum()
	if sum == s.seen {
		return
	}
	pair, err := found.parse()
	if err != nil {
		// A link may have been swapped between the reads of the two files.
		found = s.read()
		if again := found.sum(); again != sum {
			sum = again
			pair, err = found.parse()
		}
	}
	s.seen = sum
	if err != nil {
		s.report(fmt.Errorf("certs: the certificate in use stays: %w", err))
		return
	}
	s.current.Store(&pair)
}
