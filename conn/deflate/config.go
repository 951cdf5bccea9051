package deflate

// The window sizes that can be negotiated, as powers of two (RFC 7692 §7.1.2).
const (
	minWindowBits = 8
	maxWindowBits = 15
	maxWindow     = 1 << maxWindowBits
)

// defaultHistorySize is the plaintext kept between messages when the configuration names no size.
const defaultHistorySize = 4096

// CompressorConfig sets up a [Compressor] with what was negotiated for its direction. The zero value
// keeps context with the full window.
type CompressorConfig struct {
	// WindowBits is the base-2 logarithm of the largest distance the peer can follow, 8 to 15
	// (RFC 7692 §7.1.2). 0 means 15. Other values are a bug of the caller and panic.
	WindowBits int
	// NoTakeover forgets the history at the end of each message (RFC 7692 §7.1.1).
	NoTakeover bool
	// HistorySize is how many bytes of plaintext are kept between messages; each connection pays them.
	// 0 means 4096, negative means none. More than the window is cut to the window.
	HistorySize int
}

// withDefaults returns c with every zero replaced and every size within the window.
func (c CompressorConfig) withDefaults() CompressorConfig {
	c.WindowBits = checkWindowBits(c.WindowBits)
	if c.HistorySize == 0 {
		c.HistorySize = defaultHistorySize
	}
	c.HistorySize = min(max(c.HistorySize, 0), 1<<c.WindowBits)
	return c
}

// DecompressorConfig sets up a [Decompressor] with what was negotiated for its direction. The zero value
// keeps context with the full window.
type DecompressorConfig struct {
	// WindowBits is the base-2 logarithm of the largest distance the peer promised to use, 8 to 15
	// (RFC 7692 §7.1.2). 0 means 15. Other values are a bug of the caller and panic. A larger distance
	// in a message is corrupt.
	WindowBits int
	// NoTakeover says that the peer starts each message without history (RFC 7692 §7.1.1): none is
	// kept, and a distance reaching before the message is corrupt.
	NoTakeover bool
}

// withDefaults returns c with every zero replaced.
func (c DecompressorConfig) withDefaults() DecompressorConfig {
	c.WindowBits = checkWindowBits(c.WindowBits)
	return c
}

// checkWindowBits returns bits, or 15 for 0. Negotiation lets nothing else than 8 to 15 through, so
// another value is our own bug.
func checkWindowBits(bits int) int {
	if bits == 0 {
		return maxWindowBits
	}
	if bits < minWindowBits || bits > maxWindowBits {
		panic("deflate: window bits out of range")
	}
	return bits
}
