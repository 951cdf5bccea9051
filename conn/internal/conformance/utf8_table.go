package conformance

import "strings"

// textGroup is texts of one kind, valid UTF-8 or not.
type textGroup struct {
	title string
	texts []string
}

// textGroups are 6.5 to 6.23: the borders of UTF-8 (RFC 3629 §3 and §4), in the
// order of Markus Kuhn's list of hard cases for decoders. Which of them are valid
// is left to package unicode/utf8.
func textGroups() []textGroup {
	unfinished := []string{
		"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
	}
	return []textGroup{
		{"characters of one to four bytes", []string{"hello$world", "hello¢world", "hello€world", "hello𤭢world", kosme}},
		{"all prefixes of a text", prefixes(kosme)},
		{"first character of each length", []string{"\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}},
		{"first of the lengths five and six, which UTF-8 hasn't", []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}},
		{"last character of each length", []string{"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}},
		{"last of the lengths four, five and six, past the last character", []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}},
		{"beside the gap of the surrogates and beside the end", []string{"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"}},
		{"continuation bytes of nothing", []string{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", byteRange(0x80, 0xbe, "")}},
		{"first bytes, each with a space behind it", []string{byteRange(0xc0, 0xde, " "), byteRange(0xe0, 0xee, " "), byteRange(0xf0, 0xf6, " "), byteRange(0xf8, 0xfa, " "), byteRange(0xfc, 0xfc, " ")}},
		{"last byte missing", unfinished},
		{"last bytes missing, one after the other", []string{strings.Join(unfinished, "")}},
		{"bytes that never occur", []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}},
		{"a slash in too many bytes", []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}},
		{"the last character that has one byte too many", []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}},
		{"NUL in too many bytes", []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}},
		{"single surrogates", []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}},
		{"pairs of surrogates", products([]string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"}, []string{"\xed\xb0\x80", "\xed\xbf\xbf"})},
		{"characters that aren't any, yet are UTF-8", nonCharacters()},
		{"specials", []string{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"}},
	}
}

// prefixes returns all of s but the empty one.
func prefixes(s string) []string {
	all := make([]string, len(s))
	for i := range all {
		all[i] = s[:i+1]
	}
	return all
}

// byteRange returns the bytes from first to last, each followed by after.
func byteRange(first, last byte, after string) string {
	var b strings.Builder
	for c := int(first); c <= int(last); c++ {
		b.WriteByte(byte(c))
		b.WriteString(after)
	}
	return b.String()
}

// products returns each of a with each of b behind it.
func products(a, b []string) []string {
	var all []string
	for _, x := range a {
		for _, y := range b {
			all = append(all, x+y)
		}
	}
	return all
}

// nonCharacters returns the last two code points of each plane.
func nonCharacters() []string {
	var all []string
	for plane := rune(0); plane <= 0x10; plane++ {
		all = append(all, string(plane<<16|0xFFFE), string(plane<<16|0xFFFF))
	}
	return all
}
