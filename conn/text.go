package conn

import (
	"context"
	"unsafe"
)

// WriteText is Write of a text message given as a string.
func (c *Conn) WriteText(ctx context.Context, s string) error {
	// Write only reads the bytes, and not after it has returned: no copy is needed.
	return c.Write(ctx, Text, unsafe.Slice(unsafe.StringData(s), len(s)))
}
