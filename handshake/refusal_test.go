package handshake_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/handshake"
)

// checkRefusal holds an answer to what every refusal has, and to lines.
func checkRefusal(t *testing.T, answer []byte, status string, lines []string) {
	t.Helper()
	head, body, ok := strings.Cut(string(answer), "\r\n\r\n")
	if !ok {
		t.Fatalf("answer %q has no end of header", answer)
	}
	got := strings.Split(head, "\r\n")
	want := append([]string{"HTTP/1.1 " + status}, lines...)
	want = append(want, "Connection: close", "Content-Type: text/plain; charset=utf-8",
		"X-Content-Type-Options: nosniff", "Content-Length: "+strconv.Itoa(len(body)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if len(body) < 10 || len(body) > 200 || body[len(body)-1] != '\n' {
		t.Errorf("body %q should be one short line", body)
	}
	var r handshake.Response
	if err := r.Parse(head + "\r\n\r\n"); err != nil {
		t.Errorf("our own parser refuses %q: %v", head, err)
	}
}

func TestAppendRefusal(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status string
		lines  []string
	}{
		{"unknown", errors.New("x"), "400 Bad Request", nil},
		{"nothing", nil, "500 Internal Server Error", nil},
		{"unauthorized", handshake.ErrUnauthorized, "401 Unauthorized", []string{`WWW-Authenticate: Basic realm="websocket", charset="UTF-8"`}},
		{"forbidden", handshake.ErrForbidden, "403 Forbidden", nil},
		{"not-found", handshake.ErrNotFound, "404 Not Found", nil},
		{"timeout", handshake.ErrTimeout, "408 Request Timeout", nil},
		{"too-many-requests", handshake.ErrTooManyRequests, "429 Too Many Requests", []string{"Retry-After: 10"}},
		{"header-too-large", handshake.ErrHeaderTooLarge, "431 Request Header Fields Too Large", nil},
		{"unavailable", handshake.ErrUnavailable, "503 Service Unavailable", []string{"Retry-After: 10"}},
		{"our-bug", handshake.ErrSubprotocolChoice, "500 Internal Server Error", nil},
		{"our-bug-too", handshake.ErrHeaderField, "500 Internal Server Error", nil},
		{"wrapped", fmt.Errorf("conn: %w", handshake.ErrNotFound), "404 Not Found", nil},
		{"joined", errors.Join(errors.New("x"), handshake.ErrTimeout), "408 Request Timeout", nil},
		{"refusal", &handshake.Refusal{Status: 410}, "410 Gone", nil},
		{"refusal-zero", &handshake.Refusal{}, "403 Forbidden", nil},
		{"refusal-of-a-sentinel", &handshake.Refusal{Err: handshake.ErrUnavailable}, "503 Service Unavailable", []string{"Retry-After: 10"}},
		{"refusal-with-a-cause", &handshake.Refusal{Err: errors.New("x")}, "403 Forbidden", nil},
		{"refusal-of-a-refusal", &handshake.Refusal{Err: &handshake.Refusal{Status: 410}}, "410 Gone", nil},
		{"refusal-overrides-sentinel", &handshake.Refusal{Status: 404, Err: handshake.ErrForbidden}, "404 Not Found", nil},
		{"refusal-wrapped", fmt.Errorf("app: %w", &handshake.Refusal{Status: 401}), "401 Unauthorized", []string{`WWW-Authenticate: Basic realm="websocket", charset="UTF-8"`}},
		{"refusal-with-unknown-status", &handshake.Refusal{Status: 418}, "418 Refused", nil},
		{"refusal-with-unknown-5xx", &handshake.Refusal{Status: 599}, "599 Server Error", nil},
		{"refusal-with-unknown-3xx", &handshake.Refusal{Status: 300}, "300 Redirect", nil},
		{"refusal-may-not-accept", &handshake.Refusal{Status: 101}, "500 Internal Server Error", nil},
		{"refusal-200", &handshake.Refusal{Status: 200}, "500 Internal Server Error", nil},
		{"refusal-without-body", &handshake.Refusal{Status: 304}, "500 Internal Server Error", nil},
		{"refusal-600", &handshake.Refusal{Status: 600}, "500 Internal Server Error", nil},
		{"refusal-negative", &handshake.Refusal{Status: -1}, "500 Internal Server Error", nil},
		{"redirect", &handshake.Refusal{Status: 307, Fields: []handshake.Field{{Name: "Location", Value: "/b"}}},
			"307 Temporary Redirect", []string{"Location: /b"}},
		{"own-retry-after", &handshake.Refusal{Status: 503, Fields: []handshake.Field{{Name: "retry-after", Value: "3"}}},
			"503 Service Unavailable", []string{"retry-after: 3"}},
		{"own-challenge", &handshake.Refusal{Status: 401, Fields: []handshake.Field{{Name: "WWW-Authenticate", Value: "Bearer"}}},
			"401 Unauthorized", []string{"WWW-Authenticate: Bearer"}},
		{"bad-fields-left-out", &handshake.Refusal{Status: 403, Fields: []handshake.Field{
			{Name: "A", Value: "x\r\nB: y"}, {Name: "C D", Value: "x"}, {Name: "Content-Length", Value: "0"}, {Name: "transfer-encoding", Value: "chunked"},
			{Name: "Connection", Value: "keep-alive"}, {Name: "Content-Type", Value: "text/html"}, {Name: "Good", Value: "z"}, {Name: "Nul", Value: "\x00"},
		}}, "403 Forbidden", []string{"Good: z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := handshake.AppendRefusal([]byte("before"), tt.err)
			if string(answer[:6]) != "before" {
				t.Fatalf("answer %q is not appended", answer)
			}
			checkRefusal(t, answer[6:], tt.status, tt.lines)
			if got := strconv.Itoa(handshake.Status(tt.err)); got != tt.status[:3] {
				t.Errorf("Status(%v) = %s, want %s", tt.err, got, tt.status[:3])
			}
		})
	}
}

func TestAppendRefusalReason(t *testing.T) {
	answer := handshake.AppendRefusal(nil, &handshake.Refusal{
		Status: 403, Reason: "房间已满\r\nX: y", Err: errors.New("the peer must not see this"),
	})
	// What looks like a field is in the body, behind its length.
	if want := "\r\nContent-Length: " + strconv.Itoa(len("房间已满\r\nX: y\n")) + "\r\n\r\n房间已满\r\nX: y\n"; !strings.HasSuffix(string(answer), want) {
		t.Errorf("answer %q, want it to end in %q", answer, want)
	}
	if strings.Contains(string(answer), "must not see") {
		t.Errorf("answer %q tells the peer our cause", answer)
	}
}

// However many fields a Refusal brings, our own parser takes the answer.
func TestAppendRefusalBoundsFields(t *testing.T) {
	answer := handshake.AppendRefusal(nil, &handshake.Refusal{Fields: slices.Repeat([]handshake.Field{{Name: "A", Value: "b"}}, 1000)})
	checkRefusal(t, answer, "403 Forbidden", slices.Repeat([]string{"A: b"}, 64))
}

// The text belongs to the status: a Refusal that changes it doesn't take over its cause's text.
func TestAppendRefusalTextFollowsStatus(t *testing.T) {
	tests := []struct {
		name, want string
		err        error
	}{
		{"sentinel", "no WebSocket endpoint", handshake.ErrNotFound},
		{"same-status", "no WebSocket endpoint", &handshake.Refusal{Err: handshake.ErrNotFound}},
		{"other-status", "refused: 403 Forbidden.", &handshake.Refusal{Status: 403, Err: handshake.ErrNotFound}},
		{"no-cause", "refused: 403 Forbidden.", &handshake.Refusal{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(handshake.AppendRefusal(nil, tt.err)); !strings.Contains(got, tt.want) {
				t.Errorf("answer %q lacks %q", got, tt.want)
			}
		})
	}
}

// Whatever of the peer's bytes an error quotes, the answer has none of them.
func TestAppendRefusalEchoesNothing(t *testing.T) {
	const secret = "evilpeerbytes"
	for _, change := range []string{
		"GET /" + secret + "#x HTTP/1.1", "GET " + secret + " HTTP/1.1", secret + " / HTTP/1.1",
		"Host: " + secret + "@x", "Origin: http://" + secret, "Upgrade: " + secret, "Connection: " + secret,
		"Sec-WebSocket-Key: " + secret, "Sec-WebSocket-Version: " + secret,
		"Sec-WebSocket-Protocol: " + secret + " " + secret, "Sec-WebSocket-Extensions: " + secret + " " + secret,
		secret + " : x", "X: " + secret + "\x00",
	} {
		_, err := check(&handshake.Policy{}, request(change), handshake.HTTP, noPeer)
		if err == nil {
			t.Errorf("%q was accepted", change)
		}
		if answer := string(handshake.AppendRefusal(nil, err)); strings.Contains(answer, secret) {
			t.Errorf("%q is answered with %q", change, answer)
		}
	}
}

func TestRefusalError(t *testing.T) {
	cause := errors.New("cookie expired")
	err := error(&handshake.Refusal{Status: 401, Reason: "log in first", Err: cause})
	if !errors.Is(err, cause) {
		t.Errorf("%v does not wrap its cause", err)
	}
	if got, want := err.Error(), "handshake: refused with 401 (log in first): cookie expired"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got, want := new(handshake.Refusal).Error(), "handshake: refused with 403"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

// Every status that comes from here has its own reason phrase.
func TestStatusTexts(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 410, 426, 429, 431, 500, 502, 503} {
		line, _, _ := strings.Cut(string(handshake.AppendRefusal(nil, &handshake.Refusal{Status: status})), "\r\n")
		for _, general := range []string{" Redirect", " Refused", " Server Error"} {
			if strings.HasSuffix(line, strconv.Itoa(status)+general) {
				t.Errorf("%q has a general phrase", line)
			}
		}
	}
}

func ExampleAppendRefusal() {
	err := &handshake.Refusal{
		Status: 401,
		Reason: "Log in first.",
		Fields: []handshake.Field{{Name: "WWW-Authenticate", Value: "Bearer"}},
	}
	fmt.Print(strings.ReplaceAll(string(handshake.AppendRefusal(nil, err)), "\r\n", "\n"))
	// Output:
	// HTTP/1.1 401 Unauthorized
	// WWW-Authenticate: Bearer
	// Connection: close
	// Content-Type: text/plain; charset=utf-8
	// X-Content-Type-Options: nosniff
	// Content-Length: 14
	//
	// Log in first.
}
