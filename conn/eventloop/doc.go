// Package eventloop drives connections of package conn by a few loops in place of a
// goroutine each.
package eventloop
