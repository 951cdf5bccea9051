package router

import (
	"math"
	"slices"
	"strconv"
)

// kind is a parameter's type. The order is that of specificity: the smaller is tried first.
type kind uint8

const (
	kindInt kind = iota
	kindFloat
	kindBool
	kindUUID
	kindRegex
	kindStr
	kindPath
)

// kindNames are the names of the kinds in patterns. A regular expression has none.
var kindNames = [...]string{
	kindInt: "int", kindFloat: "float", kindBool: "bool", kindUUID: "uuid",
	kindRegex: "", kindStr: "str", kindPath: "path",
}

// typeNames lists kindNames for messages.
const typeNames = "int, float, bool, uuid, str and path"

// kindOf gives the kind that a pattern calls name.
func kindOf(name string) (k kind, known bool) {
	i := slices.Index(kindNames[:], name)
	return kind(max(i, 0)), i >= 0 && name != ""
}

// parseInt reads ASCII digits as an int64. Leading zeros are taken, a sign is not.
func parseInt(text string) (n int64, ok bool) {
	for i := range len(text) {
		digit := int64(text[i]) - '0'
		if digit < 0 || digit > 9 || n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, text != ""
}

// parseFloat reads -?digits(.digits)? as a float64. What is too large for one is refused: an infinity
// would be a value that the path doesn't have.
func parseFloat(text string) (f float64, ok bool) {
	if !isDecimal(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// isDecimal checks for -?digits(.digits)?, in ASCII.
func isDecimal(text string) bool {
	if text != "" && text[0] == '-' {
		text = text[1:]
	}
	whole := digits(text)
	if whole == 0 || whole == len(text) {
		return whole > 0
	}
	fraction := text[whole+1:]
	return text[whole] == '.' && fraction != "" && digits(fraction) == len(fraction)
}

// digits counts the ASCII digits at the front of text.
func digits(text string) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}
