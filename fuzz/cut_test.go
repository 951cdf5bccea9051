package fuzz_test

import "iter"

// pieces cuts stream as a transport might: each byte of cuts gives the length of
// a piece less one, over and over. Without cuts it comes in one piece.
func pieces(stream, cuts []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := 0; len(stream) > 0; i++ {
			n := len(stream)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[i%len(cuts)]))
			}
			if !yield(stream[:n:n]) {
				return
			}
			stream = stream[n:]
		}
	}
}

// maxInput is the longest input in bytes that the targets which cut it look at:
// more costs time and shows nothing new.
const maxInput = 1 << 16
