package deflate

import "slices"

// symbolBits is the place for a symbol below its frequency in a sort key.
const symbolBits = 9

// codeBuilder finds the lengths of an alphabet's shortest prefix code. It is scratch memory.
type codeBuilder struct {
	keys   [numLiterals]uint32 // frequency and symbol, rising
	weight [2 * numLiterals]uint32
	parent [2 * numLiterals]uint16
	depth  [2 * numLiterals]uint8
	counts [maxCodeLength + 1]int // leaves at each depth
}

// lengths fills sizes with code lengths of at most limit for symbols of the given frequencies; 0 where
// a symbol does not occur. sizes and frequencies are equally long. At least two symbols get a code,
// occurring or not, for an alphabet of one or none is not a complete code and some inflaters refuse it.
func (b *codeBuilder) lengths(sizes []uint8, frequencies []uint32, limit int) {
	n := 0
	for symbol, f := range frequencies {
		sizes[symbol] = 0
		if f > 0 {
			b.keys[n] = f<<symbolBits | uint32(symbol)
			n++
		}
	}
	for symbol := 0; n < 2; symbol++ {
		if frequencies[symbol] == 0 {
			b.keys[n] = 1<<symbolBits | uint32(symbol)
			n++
		}
	}
	slices.Sort(b.keys[:n])
	b.grow(n)
	b.measure(n, limit)
	b.shorten(limit)
	at := 0
	for size := limit; size > 0; size-- {
		for range b.counts[size] {
			sizes[b.keys[at]&(1<<symbolBits-1)] = uint8(size)
			at++
		}
	}
}

// grow builds Huffman's tree over the n leaves in keys. Inner nodes come into being by rising weight, so
// the two lightest nodes are always at the front of the leaves or of the inner nodes not yet joined.
func (b *codeBuilder) grow(n int) {
	for i, key := range b.keys[:n] {
		b.weight[i] = key >> symbolBits
	}
	leaf, inner := 0, n
	for next := n; next < 2*n-1; next++ {
		b.weight[next] = 0
		for range 2 {
			lightest := inner
			if leaf < n && (inner == next || b.weight[leaf] <= b.weight[inner]) {
				lightest = leaf
				leaf++
			} else {
				inner++
			}
			b.weight[next] += b.weight[lightest]
			b.parent[lightest] = uint16(next)
		}
	}
}

// measure counts the leaves at each depth of the tree over n leaves. Those deeper than limit count as
// being there.
func (b *codeBuilder) measure(n, limit int) {
	b.counts = [maxCodeLength + 1]int{}
	b.depth[2*n-2] = 0
	for i := 2*n - 3; i >= 0; i-- {
		b.depth[i] = b.depth[b.parent[i]] + 1
		if i < n {
			b.counts[min(int(b.depth[i]), limit)]++
		}
	}
}

// shorten makes the counts describe a code again after leaves were lifted to limit: as long as there are
// too many, a leaf higher up goes one down and takes one from limit as its sibling, which frees the
// place of one leaf at limit.
func (b *codeBuilder) shorten(limit int) {
	taken := 0
	for size := 1; size <= limit; size++ {
		taken += b.counts[size] << (limit - size)
	}
	for ; taken > 1<<limit; taken-- {
		size := limit - 1
		for b.counts[size] == 0 {
			size--
		}
		b.counts[size]--
		b.counts[size+1] += 2
		b.counts[limit]--
	}
}
