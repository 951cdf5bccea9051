package conn

import (
	"crypto/rand"
	"encoding/binary"
)

// keySource draws masking keys from the system's cryptographic source, several
// at a time (RFC 6455 §5.3, §10.3). It is used under the write lock of its own
// connection: connections share nothing.
type keySource struct{ drawn *keyBatch }

// keyBatch is a supply of random bytes; only clients have one.
type keyBatch struct {
	used  int
	bytes [128]byte
}

// next returns a fresh masking key.
func (k *keySource) next() uint32 {
	if k.drawn == nil {
		k.drawn = &keyBatch{used: len(k.drawn.bytes)}
	}
	d := k.drawn
	if d.used == len(d.bytes) {
		rand.Read(d.bytes[:]) // never fails: it would end the program instead
		d.used = 0
	}
	key := binary.LittleEndian.Uint32(d.bytes[d.used:])
	d.used += 4
	return key
}
