// Command mutate tests the tests: it changes one thing at a time in the code of a
// package, a mutant, and runs the package's tests, which should then fail. Where
// they don't, a mistake in that place would have passed them too.
//
//	go run ./fuzz/mutate                        // frame and conn/protocol
//	go run ./fuzz/mutate -match Parser ./frame  // mutants in functions or files named so
//	go run ./fuzz/mutate -list ./frame          // says what it would do
//
// It runs in the root of the module, on Unix. The tree is never touched: what changes
// is a temporary file, laid over the true one while the tests are built (the overlay of
// go help build). The mutants of functions are copies of their functions, built into
// one program; an environment variable says which of them runs. All others, of constants
// and the like, are built into a program each.
//
// # Mutants
//
// A comparison becomes its opposite, or moves its border by one; operators of
// arithmetic, bits and logic become their counterparts; negations go; integers
// change by one, true becomes false; other conditions turn around; one value of a case
// goes; a call, an assignment, an increment, a return without values goes;
// what is returned becomes its zero value, or its opposite; break becomes continue.
// What doesn't compile isn't counted.
//
// # Judges
//
// First the tests in the files whose names begin as the file's does (for
// utf8_words.go: utf8_test.go, utf8_front_test.go), then all of the package's, with
// -short. A mutant is also killed if they take three times as long as without it and
// ten seconds more, or ask for more than 8 GiB of address space.
//
// # Survivors
//
// Those that no test notices are listed as diffs, and the exit status is 1. Those
// that nothing can notice are in equivalent.txt, with a reason each; they aren't run
// again, unless -recheck asks for it. Its entries name file, function and line by
// their text, and one that fits no mutant any more is reported too.
package main
