package edge

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// MaxProxyHeader is the longest PROXY header that is read, in bytes: one of version 2 with 4 KiB of
// addresses and TLVs.
const MaxProxyHeader = binaryPrefix + 4096

// The first bytes of both versions. No HTTP request and no TLS handshake begins so.
const (
	textSignature   = "PROXY "
	binarySignature = "\r\n\r\n\x00\r\nQUIT\n"
)

// maxConsecutiveEmptyReads is how often a reader may return nothing in a row, without an error.
const maxConsecutiveEmptyReads = 100

// ReadProxyHeader reads a PROXY header, version 1 or 2, from the start of a connection, as it comes.
// src is the client's address. With local the proxy speaks for itself (LOCAL), and the address of the
// socket's peer stands. If neither, the client is somebody whose address the proxy doesn't tell.
//
// rest is what was read beyond the header: it belongs to what follows. It is a part of buf, the room
// for reading; one shorter than MaxProxyHeader is replaced by a new one. Never more is read than it
// holds, and nothing after the first byte that can't be right.
//
// ErrNoHeader and ErrHeader say what is wrong with the bytes; then rest is all of them. Errors of r are
// wrapped, with io.ErrUnexpectedEOF for an end inside the header and io.EOF for one before it. An
// error that came along with the last bytes of the header is left for the next read to show.
func ReadProxyHeader(r io.Reader, buf []byte) (src netip.AddrPort, local bool, rest []byte, err error) {
	if len(buf) < MaxProxyHeader {
		buf = make([]byte, MaxProxyHeader)
	}
	got, empty := 0, 0
	for {
		n, readErr := r.Read(buf[got:])
		got += n
		if n > 0 {
			empty = 0
			var size int
			if src, local, size, err = ParseProxyHeader(buf[:got]); !errors.Is(err, ErrShort) {
				return src, local, buf[size:got], err
			}
		} else if empty++; empty == maxConsecutiveEmptyReads && readErr == nil {
			readErr = io.ErrNoProgress
		}
		if readErr == io.EOF && got > 0 {
			readErr = io.ErrUnexpectedEOF
		}
		if readErr != nil {
			return netip.AddrPort{}, false, buf[:got], fmt.Errorf("edge: read PROXY header: %w", readErr)
		}
	}
}

// ParseProxyHeader reads the PROXY header at the front of b. n is the bytes it takes, at most
// MaxProxyHeader, and 0 with an error: ErrShort if b ends inside the header, ErrNoHeader if b doesn't
// begin like one, ErrHeader, wrapped, if it goes wrong later. It keeps no reference to b. The other
// results are those of ReadProxyHeader.
func ParseProxyHeader(b []byte) (src netip.AddrPort, local bool, n int, err error) {
	switch {
	case hasPrefix(b, textSignature):
		src, n, err = parseText(b)
		return src, false, n, err
	case hasPrefix(b, binarySignature):
		return parseBinary(b)
	case strings.HasPrefix(textSignature, string(b)), strings.HasPrefix(binarySignature, string(b)):
		return netip.AddrPort{}, false, 0, ErrShort
	}
	return netip.AddrPort{}, false, 0, ErrNoHeader
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// headerFault is ErrHeader with a reason.
func headerFault(reason string) error { return fmt.Errorf("%w: %s", ErrHeader, reason) }
