package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// The kinds of content.
const (
	Binary = "binary" // random bytes, as a binary message
	ASCII  = "ascii"  // English words, as text
	CJK    = "cjk"    // Chinese characters of three bytes each, as text
	JSON   = "json"   // a list of records such as an application sends, as text
)

// contents returns the kinds of content there are.
func contents() []string { return []string{Binary, ASCII, CJK, JSON} }

// makeContent returns n bytes of a kind of content. Its text is UTF-8: where the
// last character doesn't fit it ends in spaces. The same seed gives the same.
func makeContent(kind string, n int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	b := make([]byte, 0, n)
	if kind == Binary {
		for len(b) < n {
			b = append(b, byte(random.Uint32()))
		}
		return b
	}
	next := words
	switch kind {
	case CJK:
		next = characters
	case JSON:
		next = records
	}
	for len(b) < n {
		piece := next(random)
		if len(piece) > n-len(b) && kind == CJK {
			break
		}
		b = append(b, piece[:min(len(piece), n-len(b))]...)
	}
	for len(b) < n {
		b = append(b, ' ')
	}
	return b
}

// words returns a word and a space.
func words(random *rand.Rand) string {
	all := [...]string{"over", "the", "grey", "water", "birds", "fly", "south", "without", "rest", "for", "eleven", "days"}
	return all[random.IntN(len(all))] + " "
}

// characters returns one of the common Chinese characters.
func characters(random *rand.Rand) string {
	const first, last = 0x4E00, 0x9FA5
	return string(utf8.AppendRune(nil, first+rune(random.IntN(last-first))))
}

// records returns a record of a list in JSON.
func records(random *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%d,"room":"%s","user":{"name":"%s","age":%d},"online":%t,"score":%.2f,"text":"%s%s%s"},`,
		random.IntN(1e9), strings.TrimSpace(words(random)), strings.TrimSpace(words(random)), random.IntN(100),
		random.IntN(2) == 0, random.Float64()*1000, words(random), words(random), words(random))
	return b.String()
}
