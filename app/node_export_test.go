package app

// What tests of the node look at from inside.
var (
	LocalIPTowards = localIPTowards
	FirstIP        = firstIP
)
