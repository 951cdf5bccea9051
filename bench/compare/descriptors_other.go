//go:build !unix

package main

// descriptors returns how many descriptors a process may have at the most.
func descriptors() int { return fewDescriptors }
