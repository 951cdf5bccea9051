package certs

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// maxFile bounds a file, in bytes.
const maxFile = 1 << 20

// found is what the two files held, or why they couldn't be read.
type found struct {
	cert, key []byte
	err       error
}

func (s *Source) read() (f found) {
	if f.cert, f.err = readFile(s.certFile); f.err != nil {
		return f
	}
	f.key, f.err = readFile(s.keyFile)
	return f
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return b, err
}

// parse makes a certificate of it. The key must be the certificate's.
func (f found) parse() (tls.Certificate, error) {
	if f.err != nil {
		return tls.Certificate{}, f.err
	}
	return tls.X509KeyPair(f.cert, f.key)
}

// digest tells one found from another.
type digest [sha256.Size]byte

func (f found) sum() (d digest) {
	h := sha256.New()
	if f.err != nil {
		h.Write([]byte("error: " + f.err.Error()))
	} else {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(f.cert)))
		h.Write(size[:]) // begins with a zero byte, as no error's text does
		h.Write(f.cert)
		h.Write(f.key)
	}
	h.Sum(d[:0])
	return d
}
