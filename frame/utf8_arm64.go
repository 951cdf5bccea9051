//go:build !purego

package frame

// minVector is the shortest input of validVector, in bytes: a vector and four bytes before it.
const minVector = 16 + 4
