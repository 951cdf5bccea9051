package deflate

import (
	"math"
	"math/bits"
)

// symbolBits is the place for a symbol below its frequency in a key.
const (
	symbolBits = 9
	symbolMask = 1<<symbolBits - 1
)

// alphabet finds the shortest prefix code for the symbols that occur in a block. It is scratch memory,
// for alphabets of up to numLiterals symbols.
type alphabet struct {
	keys  [numLiterals + 1]uint32 // frequency and symbol of each that occurs, by symbol: keys[:n]
	n     int
	sizes [numLiterals]uint8 // code lengths by symbol, 0 where there is none

	sorted, spare [numLiterals]uint32 // keys by frequency
	weight        [2 * numLiterals]uint32
	parent        [2 * numLiterals]uint16
	depth         [2 * numLiterals]uint8
	counts        [maxCodeLength + 1]int // leaves at each depth
}

// collect takes over the frequencies of all symbols, each below 1<<(32-symbolBits).
func (a *alphabet) collect(frequencies []uint32) {
	n := 0
	for symbol, f := range frequencies {
		a.keys[n] = f<<symbolBits | uint32(symbol)
		n += int(-f >> 31) // 1 if f isn't 0, without a branch: which symbols occur can't be predicted
	}
	a.n = n
}

// total returns how many bits the symbols take in a code with the given lengths.
func (a *alphabet) total(sizes []uint8) int {
	sum := 0
	for _, key := range a.keys[:a.n] {
		sum += int(key>>symbolBits) * int(sizes[key&symbolMask])
	}
	return sum
}

// entropy returns about how many bits the symbols carry: what no code goes below.
func (a *alphabet) entropy() int {
	all, sum := uint64(0), uint64(0)
	for _, key := range a.keys[:a.n] {
		f := uint64(key >> symbolBits)
		all += f
		sum += f * log2(f)
	}
	return int(all*log2(all)-sum) >> logShift
}

// fit fills in sizes with code lengths of at most limit. At least two symbols get a code, occurring or
// not: an alphabet of one or none is not a complete code, and some inflaters refuse it.
func (a *alphabet) fit(limit int) {
	a.pad()
	a.sort()
	a.grow()
	a.measure(limit)
	a.shorten(limit)
	clear(a.sizes[:])
	at := 0
	for size := limit; size > 0; size-- {
		for range a.counts[size] {
			a.sizes[a.sorted[at]&symbolMask] = uint8(size)
			at++
		}
	}
}

// pad adds symbols that don't occur until there are two.
func (a *alphabet) pad() {
	switch {
	case a.n == 0:
		a.keys[0], a.keys[1] = 0, 1
	case a.n == 1 && a.keys[0]&symbolMask == 0:
		a.keys[1] = 1
	case a.n == 1:
		a.keys[0], a.keys[1] = 0, a.keys[0]
	}
	a.n = max(a.n, 2)
}

// sort fills in sorted, digit by digit of the frequency: one pass for most small messages.
func (a *alphabet) sort() {
	copy(a.sorted[:], a.keys[:a.n])
	highest := uint32(0)
	for _, key := range a.keys[:a.n] {
		highest = max(highest, key)
	}
	for shift := symbolBits; highest>>shift > 0; shift += 8 {
		var place [256 + 1]uint16
		for _, key := range a.sorted[:a.n] {
			place[key>>shift&255+1]++
		}
		for i := range min(255, highest>>shift) {
			place[i+1] += place[i]
		}
		for _, key := range a.sorted[:a.n] {
			digit := key >> shift & 255
			a.spare[place[digit]] = key
			place[digit]++
		}
		copy(a.sorted[:], a.spare[:a.n])
	}
}

// grow builds Huffman's tree over the leaves in sorted. Inner nodes come into being by rising weight, so
// the two lightest nodes are always at the front of the leaves or of the inner nodes not yet joined.
func (a *alphabet) grow() {
	n := a.n
	for i, key := range a.sorted[:n] {
		a.weight[i] = key >> symbolBits
	}
	leaf, inner := 0, n
	for next := n; next < 2*n-1; next++ {
		sum := uint32(0)
		for range 2 {
			lightest := inner
			if leaf < n && (inner == next || a.weight[leaf] <= a.weight[inner]) {
				lightest = leaf
				leaf++
			} else {
				inner++
			}
			sum += a.weight[lightest]
			a.parent[lightest] = uint16(next)
		}
		a.weight[next] = sum
	}
}

// measure counts the leaves at each depth of the tree. Those deeper than limit count as being there.
func (a *alphabet) measure(limit int) {
	a.counts = [maxCodeLength + 1]int{}
	root := 2*a.n - 2
	a.depth[root] = 0
	for i := root - 1; i >= 0; i-- {
		a.depth[i] = a.depth[a.parent[i]] + 1
	}
	for _, depth := range a.depth[:a.n] {
		a.counts[min(int(depth), limit)]++
	}
}

// shorten makes the counts describe a code again after leaves were lifted to limit: as long as there are
// too many, a leaf higher up goes one down and takes one from limit as its sibling, which frees the
// place of one leaf at limit.
func (a *alphabet) shorten(limit int) {
	taken := 0
	for size := 1; size <= limit; size++ {
		taken += a.counts[size] << (limit - size)
	}
	for ; taken > 1<<limit; taken-- {
		size := limit - 1
		for a.counts[size] == 0 {
			size--
		}
		a.counts[size]--
		a.counts[size+1] += 2
		a.counts[limit]--
	}
}

// assign gives each symbol that has a length its canonical code (RFC 1951 §3.2.2). The rest of dst keeps
// what it held.
func (a *alphabet) assign(dst []code) {
	var next [maxCodeLength + 1]uint16
	first := 0
	for size := 1; size <= maxCodeLength; size++ {
		next[size] = uint16(first)
		first = (first + a.counts[size]) << 1
	}
	for _, key := range a.keys[:a.n] {
		symbol := key & symbolMask
		size := a.sizes[symbol] & 15
		dst[symbol] = makeCode(int(next[size]), size)
		next[size]++
	}
}

// logShift is the number of fractional bits of log2's result.
const logShift = 4

// log2 returns the binary logarithm of n, less than 1<<32, as a fixed-point number; 0 for 0.
func log2(n uint64) uint64 {
	shift := max(bits.Len32(uint32(n)), 8) - 8
	return uint64(logs[n>>(shift&31)&255]) + uint64(shift)<<logShift
}

// logs holds the logarithms of small numbers.
var logs = makeLogs()

func makeLogs() (t [256]uint8) {
	for n := range t {
		t[n] = uint8(math.Round(math.Log2(float64(max(n, 1))) * (1 << logShift)))
	}
	return t
}
