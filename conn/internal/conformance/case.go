package conformance

import (
	"slices"
	"strings"

	"github.com/godwit-ws/godwit/frame"
)

// Case is one conversation with the endpoint under test.
type Case struct {
	ID    string // "6.4.1"; see the package's documentation
	Title string // what happens and what is expected, in one line

	play    func(p *peer)
	deflate *variant // how compression is negotiated; nil: not at all
	early   []wire   // frames that leave in one write with the opening handshake
	chop    int      // short writes are cut into pieces of so many bytes; 0: as the script says
	once    bool     // not to be played again where compression was agreed on
	bulk    bool     // it moves megabytes: left out at Length Brief
	slow    bool     // it takes a second to wait for: left out at Length Brief
}

// Length says how much work the suite may take.
type Length int

// The lengths of a run. Standard has every case, with fewer repetitions than Full,
// which has as many as the official suite; Brief leaves out what moves megabytes or
// takes a second.
const (
	Standard Length = iota
	Brief
	Full
)

// Options say what the endpoint under test can do.
type Options struct {
	// Compression says that it takes permessage-deflate. Without it sections 12 and
	// 13 are left out.
	Compression bool
	// MaxMessage is the longest message that it takes, in bytes, at least 16 MiB
	// unless Length is Brief. 0 leaves out the cases that go past it.
	MaxMessage int64
	// MaxFragments is the most frames of a message that it takes. 0 leaves out the
	// case that goes past it.
	MaxFragments int
	// Command says that the endpoint, in place of an echo, closes the connection
	// when it gets the text that Command returns: with the code, or with no payload
	// for CodeNoStatus, and the reason. Nil leaves out section X8.
	Command func(code frame.Code, reason string) string
	Length  Length
}

// Cases returns the cases for an endpoint, in the order of their sections.
func Cases(o Options) []Case {
	plain := slices.Concat(
		framing(), pings(), reservedBits(), reservedOpcodes(), fragmentation(),
		textCases(), failFast(), closing(), autoFragmentation(),
	)
	all := slices.Concat(plain, byteByByte(plain), sizes(o), limits(o))
	if o.Command != nil {
		all = append(all, commanded(o)...)
	}
	if o.Compression {
		all = slices.Concat(all, agreed(plain), compression(o), compressionExtras(o))
	}
	if o.Length == Brief {
		all = slices.DeleteFunc(all, func(c Case) bool { return c.bulk || c.slow })
	}
	return all
}

// agreed returns the cases once more, for connections where compression was
// agreed on.
func agreed(plain []Case) []Case {
	var cases []Case
	for _, c := range plain {
		if c.once {
			continue
		}
		c.ID += "-deflate"
		c.deflate = anyVariant()
		cases = append(cases, c)
	}
	return cases
}

// byteByByte returns the cases once more, with everything sent a byte a write.
func byteByByte(plain []Case) []Case {
	var cases []Case
	for _, c := range plain {
		if c.bulk || c.slow {
			continue
		}
		c.ID += "-bytewise"
		c.chop, c.bulk = 1, true
		cases = append(cases, c)
	}
	return cases
}

// Section returns the part of the ID before the first dot: "6", "X3".
func (c Case) Section() string {
	section, _, _ := strings.Cut(c.ID, ".")
	return section
}
