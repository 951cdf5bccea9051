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
	first := binaries(half).unfinished()
	all := []Case{
		allowed("limit/exact", "a message as long as the limit", []wire{binaries(exact)}, binaries(exact)),
		allowed("limit/exact-text", "text as long as the limit", []wire{text(string(exact))}, text(string(exact))),
		allowed("limit/exact-in-two", "two fragments that are as long as the limit together", []wire{first, continuation(string(rest))}, binaries(exact)),
		allowed("limit/exact-and-empty", "the limit, then an empty last fragment", []wire{binaries(exact).unfinished(), continuation("")}, binaries(exact)),
		allowed("limit/twice", "two messages as long as the limit: each counts by itself", []wire{binaries(exact), binaries(exact)}, binaries(exact), binaries(exact)),
	}
	const tooBig = frame.CodeMessageTooBig
	return append(all, cases("limit", []fault{
		bad("one-more", "a message one byte longer than the limit, announced", of(frame.Binary, 0).announcing(uint64(o.MaxMessage)+1)).tooLong(),
		bad("one-more-text", "text one byte longer than the limit, announced", of(frame.Text, 0).announcing(uint64(o.MaxMessage)+1)).tooLong(),
		bad("double", "a message of twice the limit, announced", of(frame.Binary, 0).announcing(2*uint64(o.MaxMessage))).tooLong(),
		bad("one-more-announced", "a second fragment that announces one byte too many", first, continuation("").announcing(uint64(len(rest))+1)).tooLong(),
		bad("one-more-sent", "a message one byte longer than the limit", of(frame.Binary, o.MaxMessage+1)).answeredBy(tooBig),
		bad("one-more-in-two", "two fragments that pass the limit by one byte together", first, continuation(string(rest)+"x")).answeredBy(tooBig),
		bad("one-more-behind-empties", "a fragment too many behind empty ones",
			append(repeatedAfter(binaries(exact).unfinished(), continuation("").unfinished(), 100), continuation("x"))...).answeredBy(tooBig),
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
	const tooMany = frame.CodePolicyViolation
	return append(cases("limit", []fault{
		bad("fragments-empty", fmt.Sprintf("%d fragments, all empty, one more than the limit", o.MaxFragments+1), over...).answeredBy(tooMany, frame.CodeMessageTooBig),
		bad("fragments-tiny", fmt.Sprintf("%d fragments of a byte, one more than the limit", o.MaxFragments+1), tiny...).answeredBy(tooMany, frame.CodeMessageTooBig),
	}), allowed("limit/fragments-exact", "as many empty fragments as a message may have", exact, text("")))
}
