//go:build unix

package main

import "syscall"

// descriptors returns how many descriptors a process may have at the most: Go programs
// raise their own limit to that.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return fewDescriptors
	}
	return int(min(uint64(limit.Max), manyDescriptors))
}
