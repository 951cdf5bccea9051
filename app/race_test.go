//go:build race

package app_test

// raceDetector reports whether the tests run under it: it makes allocations of its own.
const raceDetector = true
