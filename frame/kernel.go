package frame

// A kernel is a set of vector instructions that this package has assembly for. Greater ones include
// the lesser ones of the same processor family.
type kernel uint8

const (
	kernelNone   kernel = iota // Go alone
	kernelNEON                 // arm64: 16 bytes at a time
	kernelAVX2                 // amd64: 32 bytes at a time
	kernelAVX512               // amd64: 64 bytes at a time
)

// running is the kernel in use. Only tests ever set it again.
var running = detect()
