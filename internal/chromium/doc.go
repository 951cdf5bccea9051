// Package chromium lets tests look at pages with Chromium, without a window: as a
// person would, who clicks, types and reads.
//
// It speaks the browser's DevTools protocol, which is JSON over a WebSocket, by way
// of package conn's client: each test of a page is also one of the client against a
// server that isn't ours. Where Chromium isn't installed, tests that Start it are
// skipped.
//
// What goes wrong on a page fails the test: an exception, an error in the console, a
// breach of the Content-Security-Policy, unless the test has said that it expects it
// (Page.Expect).
//
// A Browser may be used from any goroutine, a Page from that of its test.
package chromium
