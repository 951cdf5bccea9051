package torture

import (
	"bytes"
	"fmt"

	"github.com/godwit-ws/godwit/frame"
)

// limits goes to the limits of messages and past them.
func limits(o Options) []Case {
	return append(sizeLimits(o), fragmentLimits(o)...)
}

func sizeLimits(o Options) []Case {
	if o.MaxMessage <= 0 {
		return nil
	}
	exact := bytes.Repeat([]byte{'x'}, o.MaxMessage)
	half := exact[:o.MaxMessage/2]
	rest := exact[:o.MaxMessage-len(half)]
	tooBig := []frame.Code{frame.CodeMessageTooBig}
	first := binaries(half).unfinished()
	all := []Case{
		allowed("limit/exact", "a message as long as the limit", []wire{binaries(exact)}, binaries(exact)),
		allowed("limit/exact-text", "text as long as the limit", []wire{text(string(exact))}, text(string(exact))),
		allowed("limit/exact-in-two", "two fragments that are as long as the limit together", []wire{first, continuation(string(rest))}, binaries(exact)),
		allowed("limit/exact-and-empty", "the limit, then an empty last fragment", []wire{binaries(exact).unfinished(), continuation("")}, binaries(exact)),
		allowed("limit/twice", "two messages as long as the limit: each counts by itself", []wire{binaries(exact), binaries(exact)}, binaries(exact), binaries(exact)),
	}
	const group = "limit"
	return append(all, cases(group, []fault{
		{"one-more", "a message one byte longer than the limit, announced", []wire{of(frame.Binary, 0).announcing(uint64(o.MaxMessage) + 1)}, tooBig},
		{"one-more-sent", "a message one byte longer than the limit, sent", []wire{of(frame.Binary, o.MaxMessage+1)}, tooBig},
		{"one-more-text", "text one byte longer than the limit", []wire{of(frame.Text, 0).announcing(uint64(o.MaxMessage) + 1)}, tooBig},
		{"one-more-in-two", "two fragments that pass the limit by one byte together", []wire{first, continuation(string(rest) + "x")}, tooBig},
		{"one-more-announced", "a second fragment that announces one byte too many", []wire{first, continuation("").announcing(uint64(len(rest)) + 1)}, tooBig},
		{"one-more-behind-empties", "a fragment too many behind empty ones", append(repeatedAfter(binaries(exact).unfinished(), continuation("").unfinished(), 100), continuation("x")), tooBig},
		{"double", "a message of twice the limit, announced", []wire{of(frame.Binary, 0).announcing(2 * uint64(o.MaxMessage))}, tooBig},
	})...)
}

// repeatedAfter returns first and then n times w.
func repeatedAfter(first, w wire, n int) []wire { return append([]wire{first}, repeated(w, n)...) }

func fragmentLimits(o Options) []Case {
	if o.MaxFragments <= 1 {
		return nil
	}
	empty := continuation("").unfinished()
	exact := append(repeatedAfter(text("").unfinished(), empty, o.MaxFragments-2), continuation(""))
	over := repeatedAfter(text("").unfinished(), empty, o.MaxFragments)
	tiny := repeatedAfter(binaries([]byte("a")).unfinished(), continuation("a").unfinished(), o.MaxFragments)
	tooMany := []frame.Code{frame.CodePolicyViolation, frame.CodeMessageTooBig}
	return append(cases("limit", []fault{
		{"fragments-empty", fmt.Sprintf("%d fragments, all empty, one more than the limit", o.MaxFragments+1), over, tooMany},
		{"fragments-tiny", fmt.Sprintf("%d fragments of a byte, one more than the limit", o.MaxFragments+1), tiny, tooMany},
	}), allowed("limit/fragments-exact", "as many empty fragments as a message may have", exact, text("")))
}
