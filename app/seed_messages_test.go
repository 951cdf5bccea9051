package app_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// counts is a handler that counts the bytes of its messages.
func counts() acts {
	report := func(c *app.Conn, p []byte) error { return c.SendText(fmt.Sprint(len(p))) }
	return acts{text: report, binary: report}
}

func TestSeed075TooBig(t *testing.T) {
	const limit = 2 << 20
	_, url := serve(t, app.Config{}, at(t, "/x", counts()))
	for name, tt := range map[string]struct {
		frames [][]byte
		code   conn.Code // 0: taken
	}{
		"one-frame":      {[][]byte{whole(conn.Binary, strings.Repeat("x", limit))}, 0},
		"one-frame-more": {[][]byte{whole(conn.Binary, strings.Repeat("x", limit+1))}, conn.CodeMessageTooBig},
		"fragments":      {[][]byte{part(conn.Text, strings.Repeat("x", limit-1)), whole(0, "x")}, 0},
		"fragments-more": {[][]byte{part(conn.Text, strings.Repeat("x", limit-1)), whole(0, "xx")}, conn.CodeMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			p := openFrames(t, url, "/x")
			p.nc.Write(bytes.Join(tt.frames, nil)) // may be cut short
			if tt.code == 0 {
				p.want(conn.Text, fmt.Sprint(limit))
				return
			}
			p.wantFail(tt.code)
		})
	}
}

// announce is the header of a frame that promises n bytes, none of which follow.
func announce(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, n)
}

func TestSeed075DecidedOnTheHeader(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", counts()))
	for name, tt := range map[string]struct {
		length uint64
		code   conn.Code
	}{
		"1TiB":      {1 << 40, conn.CodeMessageTooBig},
		"one-more":  {2<<20 + 1, conn.CodeMessageTooBig},
		"top-bit":   {1 << 63, conn.CodeProtocolError},
		"all-bits":  {1<<64 - 1, conn.CodeProtocolError},
		"top-bit-1": {1<<63 | 1, conn.CodeProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			p := openFrames(t, url, "/x")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p.write(announce(tt.length), []byte{1, 2, 3, 4})
			p.wantFail(tt.code)
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("%d bytes were allocated", grown)
			}
		})
	}
}

// What is announced within the limit isn't reserved before it comes.
func TestSeed075NothingReserved(t *testing.T) {
	_, url := serve(t, app.Config{Limits: conn.Config{MaxMessageSize: 1 << 30}}, at(t, "/x", counts()))
	p := openFrames(t, url, "/x")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p.write(announce(1<<30), []byte{1, 2, 3, 4}, make([]byte, 1000))
	p.nc.Close()
	p.wantEnd()
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func TestSeed076BigOutgoing(t *testing.T) {
	const max = 2 << 20
	message := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error { return c.SendBinary(message) }}))
	p := openFrames(t, url, "/x")
	var got []byte
	for fin := false; !fin; {
		f, ok := p.next()
		if !ok || len(f.payload) > max || (f.Opcode != frame.Binary) == (len(got) == 0) {
			t.Fatalf("got %v of %d bytes, %v", f.Opcode, len(f.payload), ok)
		}
		got, fin = append(got, f.payload...), f.Fin
	}
	if !bytes.Equal(got, message) {
		t.Errorf("%d bytes arrived, or others", len(got))
	}
}

func TestSeed077ReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{Limits: conn.Config{ReadTimeout: time.Second}}, at(t, "/x", echoes()))
		p := m.open(t, "/x")
		for range 20 { // any byte counts
			time.Sleep(500 * time.Millisecond)
			p.write(whole(frame.Pong, ""))
		}
		half := whole(conn.Text, "in two")
		p.write(half[:5])
		time.Sleep(900 * time.Millisecond)
		p.write(half[5:])
		p.want(conn.Text, "in two")
		start := time.Now()
		p.wantClose(conn.CodeGoingAway, "read timeout")
		if got := time.Since(start); got != time.Second {
			t.Errorf("closed after %v idle, want 1s", got)
		}
	})
}

func TestSeed077NoReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := serveMemory(t, app.Config{Limits: conn.Config{ReadTimeout: -1}}, at(t, "/x", echoes()))
		p := m.open(t, "/x")
		time.Sleep(100 * 24 * time.Hour)
		p.write(whole(conn.Text, "still here"))
		p.want(conn.Text, "still here")
	})
}

// closedWith has a client close with a frame, and returns what OnClose was told.
func closedWith(t *testing.T, frame []byte, answer func(*framePeer)) *app.CloseError {
	t.Helper()
	ends := make(closes, 1)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{close: ends.note}))
	p := openFrames(t, url, "/x")
	p.write(frame)
	answer(p)
	p.wantEnd()
	return <-ends
}

func TestSeed078Normal(t *testing.T) {
	e := closedWith(t, closing(conn.CodeNormal, "done"), func(p *framePeer) { p.wantClose(conn.CodeNormal, "") })
	if e.Code != conn.CodeNormal || e.Reason != "done" || !e.Remote || e.Err != nil {
		t.Errorf("OnClose was told %v", e)
	}
}

// header is a frame's first two bytes and the mask's four, all zero.
func header(first, second byte, payload ...byte) []byte {
	return append([]byte{first, second, 0, 0, 0, 0}, payload...)
}

func TestSeed079ProtocolErrors(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", echoes()))
	for name, bytes := range map[string][]byte{
		"unmasked":            {0x81, 0x01, 'x'},
		"rsv1":                header(0xc1, 0x81, 'x'),
		"rsv2":                header(0xa1, 0x81, 'x'),
		"rsv3":                header(0x91, 0x81, 'x'),
		"opcode-3":            header(0x83, 0x80),
		"opcode-7":            header(0x87, 0x80),
		"opcode-b":            header(0x8b, 0x80),
		"opcode-f":            header(0x8f, 0x80),
		"orphan-continuation": header(0x80, 0x81, 'x'),
		"text-in-fragments":   append(part(conn.Text, "a"), whole(conn.Text, "b")...),
		"fragmented-ping":     header(0x09, 0x80),
		"fragmented-close":    header(0x08, 0x80),
		"long-ping":           whole(frame.Ping, strings.Repeat("p", 126)),
		"long-close":          closing(conn.CodeNormal, strings.Repeat("r", 124)),
		"close-of-one-byte":   whole(frame.Close, "\x03"),
		"close-0":             closing(0, ""),
		"close-999":           closing(999, ""),
		"close-1004":          closing(1004, ""),
		"close-1005":          closing(1005, ""),
		"close-1006":          closing(1006, ""),
		"close-1015":          closing(1015, ""),
		"close-2999":          closing(2999, ""),
		"close-5000":          closing(5000, ""),
		"close-65535":         closing(65535, ""),
		"length-16-too-long":  {0x81, 0xfe, 0, 125, 0, 0, 0, 0},
		"length-64-too-long":  {0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := openFrames(t, url, "/x")
			p.write(bytes)
			p.wantFail(conn.CodeProtocolError)
		})
	}
}

func TestSeed080NotUTF8(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", echoes()))
	for name, frames := range map[string][][]byte{
		"one-byte":              {whole(conn.Text, "\xff")},
		"surrogate":             {whole(conn.Text, "\xed\xa0\x80")},
		"overlong":              {whole(conn.Text, "\xc0\xaf")},
		"past-the-last":         {whole(conn.Text, "\xf4\x90\x80\x80")},
		"cut":                   {whole(conn.Text, "half \xe4\xbd")},
		"cut-at-the-last-frame": {part(conn.Text, "你"), whole(0, "\xe4\xbd")},
		"across-fragments":      {part(conn.Text, "\xe4\xbd"), whole(0, "x")},
		"before-the-end":        {part(conn.Text, "good"), part(0, "\xff")}, // found though the message goes on
		"close-reason":          {closing(conn.CodeNormal, "\xff")},
	} {
		t.Run(name, func(t *testing.T) {
			p := openFrames(t, url, "/x")
			for _, f := range frames {
				p.write(f)
			}
			p.wantFail(conn.CodeInvalidPayload)
		})
	}
	p := openFrames(t, url, "/x") // what is cut within a character and whole in the end
	for _, b := range []byte("\xe4\xbd\xa0") {
		op := conn.Text
		if b != 0xe4 {
			op = 0
		}
		p.write(part(op, string([]byte{b})))
	}
	p.write(whole(0, ""), whole(conn.Binary, "\xff\xed\xa0\x80"))
	p.want(conn.Text, "你")
	p.want(conn.Binary, "\xff\xed\xa0\x80")
}

func TestSeed081TooBigAndInternalError(t *testing.T) {
	ends := make(closes, 2)
	_, url := serve(t, app.Config{Limits: conn.Config{MaxMessageSize: 10}}, at(t, "/x", acts{
		text:  func(*app.Conn, []byte) error { return errOnPurpose },
		close: ends.note,
	}))
	for text, code := range map[string]conn.Code{
		strings.Repeat("x", 11): conn.CodeMessageTooBig,
		strings.Repeat("x", 10): conn.CodeInternalError,
	} {
		p := openFrames(t, url, "/x")
		p.write(whole(conn.Text, text))
		p.wantFail(code)
		if e := <-ends; e.Code != code {
			t.Errorf("OnClose was told %v, want %d", e, code)
		}
	}
}

func TestSeed082HandlersChoose(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", acts{text: func(c *app.Conn, text []byte) error {
		if string(text) == "away" {
			return c.Close(conn.CodeGoingAway, "心跳超时")
		}
		return &app.CloseError{Code: conn.CodePolicyViolation, Reason: "非法字符"}
	}}))
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "away"))
	p.wantClose(conn.CodeGoingAway, "心跳超时")
	p = openFrames(t, url, "/x")
	p.write(whole(conn.Text, "; drop table"))
	p.wantClose(conn.CodePolicyViolation, "非法字符")
}

func TestSeed083CloseWithoutCode(t *testing.T) {
	e := closedWith(t, whole(frame.Close, ""), func(p *framePeer) { p.want(frame.Close, "") })
	if e.Code != conn.CodeNoStatus || e.Reason != "" || !e.Remote || e.Err != nil {
		t.Errorf("OnClose was told %v", e)
	}
}

// Nothing is sent to who is lost: the last thing that comes is what was sent before.
func TestSeed084Lost(t *testing.T) {
	for name, cut := range map[string][]byte{
		"fin": nil, "half-a-header": {0x81}, "half-a-frame": whole(conn.Text, "half")[:8], "half-a-message": part(conn.Text, "half"),
	} {
		t.Run(name, func(t *testing.T) {
			ends := make(closes, 1)
			_, url := serve(t, app.Config{}, at(t, "/x", acts{close: ends.note}))
			p := openFrames(t, url, "/x")
			if len(cut) > 0 {
				p.write(cut)
			}
			p.nc.(*net.TCPConn).CloseWrite()
			p.wantEnd()
			if e := <-ends; e.Code != conn.CodeAbnormal || e.Remote || e.Err == nil {
				t.Errorf("OnClose was told %v", e)
			}
		})
	}
}

func TestSeed085Ping(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", echoes()))
	p := openFrames(t, url, "/x")
	longest := strings.Repeat("p", 125)
	p.write(whole(frame.Ping, "payload"), whole(frame.Ping, ""), whole(frame.Ping, longest), whole(frame.Pong, "ignored"))
	p.want(frame.Pong, "payload", "", longest)
	p.write(part(conn.Text, "one "), whole(frame.Ping, "between"), part(0, "mess"), whole(frame.Pong, ""), whole(0, "age"))
	p.want(frame.Pong, "between")
	p.want(conn.Text, "one message")
}

func TestSeed086Fragments(t *testing.T) {
	const text = "你好, мир, 🌍! "
	message := strings.Repeat(text, 64<<10/len(text))
	_, url := serve(t, app.Config{}, at(t, "/x", echoes()))
	p := openFrames(t, url, "/x")
	var out bytes.Buffer
	for i := range len(message) {
		op := conn.Text
		if i > 0 {
			op = 0
		}
		out.Write(part(op, message[i:i+1]))
	}
	out.Write(whole(0, ""))
	p.write(out.Bytes())
	p.want(conn.Text, message)
}

func TestSeed087DataAfterClose(t *testing.T) {
	for name, tt := range map[string]struct {
		frames []byte
		want   []string
	}{
		"ours":   {bytes.Join([][]byte{whole(conn.Text, "close"), whole(conn.Text, "in the same segment")}, nil), []string{"close"}},
		"theirs": {bytes.Join([][]byte{closing(conn.CodeNormal, ""), whole(conn.Text, "behind the Close")}, nil), nil},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan string, 10)
			_, url := serve(t, app.Config{}, at(t, "/x", acts{
				text: func(c *app.Conn, text []byte) error {
					seen <- string(text)
					return c.Close(conn.CodeNormal, "")
				},
				close: func(*app.Conn, *app.CloseError) { close(seen) },
			}))
			p := openFrames(t, url, "/x")
			p.write(tt.frames)
			p.wantClose(conn.CodeNormal, "")
			p.nc.Write(append(whole(conn.Text, "later"), closing(conn.CodeNormal, "")...)) // nobody may be there
			p.wantEnd()
			var got []string
			for text := range seen {
				got = append(got, text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("delivered %q, want %q", got, tt.want)
			}
		})
	}
}
