//go:build !race

package store_test

// raceDetector is true where allocations can't be counted and everything takes its time.
const raceDetector = false
