package fuzz_test

import "runtime"

// allocated returns how many bytes of heap f allocates in all, whether they are
// freed again or not. It counts what other goroutines of the test binary do
// meanwhile, too.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}
