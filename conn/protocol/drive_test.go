package protocol_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/protocol"
	"github.com/godwit-ws/godwit/frame"
)

// drain returns the events of what r was given, and the violation that ended them.
func drain(t testing.TB, r *protocol.Receiver) (events []said, bad *frame.CloseError) {
	t.Helper()
	for {
		ev, err := r.Next()
		if err == frame.ErrShort { // bare, as promised
			return events, nil
		}
		if err != nil {
			bad, ok := errors.AsType[*frame.CloseError](err)
			if !ok {
				t.Fatalf("Next returned %v (%T), want a *CloseError", err, err)
			}
			return events, bad
		}
		events = append(events, say(ev))
	}
}

// feed gives r all of p at once.
func feed(t testing.TB, r *protocol.Receiver, p []byte) ([]said, *frame.CloseError) {
	t.Helper()
	r.Feed(p)
	return drain(t, r)
}

// read gives r all of stream, as an engine does: to where r wants it, into a scratch of size bytes, in
// reads of at most cut() bytes. What was in scratch is spoilt once r has no need of it any more.
func read(t testing.TB, r *protocol.Receiver, stream []byte, size int, cut func() int) ([]said, *frame.CloseError) {
	t.Helper()
	var events []said
	scratch := make([]byte, size)
	for len(stream) > 0 {
		want := r.Want(scratch)
		if len(want) == 0 {
			t.Fatal("Want returned no room")
		}
		n := copy(want, stream[:min(cut(), len(stream))])
		stream = stream[n:]
		r.Got(n)
		some, bad := drain(t, r)
		events = append(events, some...)
		if bad != nil {
			return events, bad
		}
		for i := range min(n, len(scratch)) {
			scratch[i] = 0xdb
		}
	}
	return events, nil
}

// wantEvents compares events.
func wantEvents(t testing.TB, got []said, bad *frame.CloseError, want ...said) {
	t.Helper()
	if bad != nil {
		t.Errorf("failed with %v, want no failure", bad)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// wantFailure compares a failure by its code, which goes on the wire, and its reason.
func wantFailure(t testing.TB, bad *frame.CloseError, code frame.Code, reason string) {
	t.Helper()
	switch {
	case bad == nil:
		t.Errorf("no failure, want %d %q", code, reason)
	case bad.Code != code || bad.Reason != reason:
		t.Errorf("failed with %d %q, want %d %q", bad.Code, bad.Reason, code, reason)
	case bad.Err == nil:
		t.Errorf("%v has no cause: it would pass for a clean close", bad)
	case bad.Remote:
		t.Errorf("%v is said to be the peer's doing", bad)
	}
}

// NextInto leaves nothing of what the Event was.
func TestNextInto(t *testing.T) {
	eachRole(t, func(t *testing.T, role protocol.Role) {
		r := protocol.NewReceiver(unlimited(role))
		r.Feed(to(role).add(fin|frame.Text, "hello").bytes())
		got := protocol.Event{Kind: protocol.Close, Opcode: frame.Binary, Taken: true, Payload: []byte("x"), Code: frame.CodeNormal, Reason: "x"}
		if err := r.NextInto(&got); err != nil {
			t.Fatal(err)
		}
		want := protocol.Event{Kind: protocol.Message, Opcode: frame.Text, Last: true, Payload: []byte("hello")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
