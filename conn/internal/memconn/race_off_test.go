//go:build !race

package memconn_test

const raceEnabled = false
