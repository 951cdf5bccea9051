package peer

import "crypto/sha256"

// compute is a neighbour that needs a processor and never waits: what a server shares
// its process with where other goroutines have work to do.
func compute() {
	var p [1 << 10]byte
	for {
		sum := sha256.Sum256(p[:])
		copy(p[:], sum[:])
	}
}
