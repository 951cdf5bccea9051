package conn_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/godwit-ws/godwit/handshake"
)

func TestDialDrawsNewKeys(t *testing.T) {
	w := alone(switching())
	d := w.dialer()
	seen := map[string]bool{}
	for i := range 20 {
		mustDial(t, d, "ws://a.example/")
		seen[w.request(t, i).Header.Get("Sec-WebSocket-Key")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d different keys in 20 requests", len(seen))
	}
}

func TestDialCompression(t *testing.T) {
	tests := []struct {
		name   string
		params handshake.DeflatePolicy
		offer  string // "" is any
		answer string
		err    error
		want   bool
	}{
		{name: "agreed", offer: "permessage-deflate; client_max_window_bits", answer: "permessage-deflate", want: true},
		{name: "declined", answer: "", want: false},
		{name: "server-asks-for-less", answer: "permessage-deflate; client_max_window_bits=9; server_no_context_takeover", want: true},
		{name: "own-wishes", params: handshake.DeflatePolicy{ServerMaxWindowBits: 10, ClientMaxWindowBits: 11, ServerNoContextTakeover: true, ClientNoContextTakeover: true},
			answer: "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11; server_no_context_takeover; client_no_context_takeover", want: true},
		{name: "server-takes-more", params: handshake.DeflatePolicy{ServerMaxWindowBits: 10}, answer: "permessage-deflate; server_max_window_bits=11", err: handshake.ErrExtension},
		{name: "not-offered", answer: "x-webkit-deflate-frame", err: handshake.ErrExtension},
		{name: "twice", answer: "permessage-deflate, permessage-deflate", err: handshake.ErrExtension},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := alone(switching("Sec-WebSocket-Extensions: " + tt.answer))
			d := w.dialer()
			d.Config.Compression = conn.Compression{Enabled: true, Params: tt.params}
			c, err := d.Dial(t.Context(), "ws://a.example")
			if !errors.Is(err, tt.err) || err == nil && c.Compressed() != tt.want {
				t.Fatalf("Dial: %v; want %v, compressed %t", err, tt.err, tt.want)
			}
			if err == nil {
				c.Abort()
			}
			if got := w.request(t, 0).Header.Get("Sec-WebSocket-Extensions"); tt.offer != "" && got != tt.offer {
				t.Errorf("offered %q, want %q", got, tt.offer)
			}
		})
	}
}

func TestDialBadAnswer(t *testing.T) {
	early := strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 5)
	tests := []struct {
		name, answer string
		want         error // nil: accepted
	}{
		{"good", switching(), nil},
		{"informational-first", early + switching(), nil},
		{"too-many-informational", early + "HTTP/1.1 100 Continue\r\n\r\n" + switching(), handshake.ErrSyntax},
		{"other-reason", strings.Replace(switching(), "Switching Protocols", "Web Socket Protocol Handshake", 1), nil},
		{"wrong-accept", strings.Replace(switching(), "ACCEPT", openingKey, 1), handshake.ErrAccept},
		{"no-accept", strings.Replace(switching(), "Sec-WebSocket-Accept", "X", 1), handshake.ErrAccept},
		{"two-accepts", switching("Sec-WebSocket-Accept: ACCEPT"), handshake.ErrAccept},
		{"no-upgrade", strings.Replace(switching(), "Upgrade: websocket", "X: y", 1), handshake.ErrUpgrade},
		{"no-connection", strings.Replace(switching(), "Connection: Upgrade", "X: y", 1), handshake.ErrUpgrade},
		{"http-1.0", strings.Replace(switching(), "HTTP/1.1", "HTTP/1.0", 1), handshake.ErrHTTPVersion},
		{"extension-not-asked-for", switching("Sec-WebSocket-Extensions: permessage-deflate"), handshake.ErrExtension},
		{"subprotocol-not-asked-for", switching("Sec-WebSocket-Protocol: v1"), handshake.ErrSubprotocol},
		{"bare-lf", strings.ReplaceAll(switching(), "\r\n", "\n"), handshake.ErrSyntax},
		{"obs-fold", switching("X: a\r\n b"), handshake.ErrSyntax},
		{"garbage", "\x16\x03\x03\x00\x02", handshake.ErrSyntax},
		{"ssh", "SSH-2.0-OpenSSH_9.2\r\n\r\n", handshake.ErrSyntax},
		{"huge", switching("X: " + strings.Repeat("x", 64<<10)), handshake.ErrHeaderTooLarge},
		{"many-fields", switching("X: y" + strings.Repeat("\r\nX: y", 200)), handshake.ErrHeaderTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := alone(tt.answer)
				start := time.Now()
				c, err := w.dialer().Dial(t.Context(), "ws://a.example/")
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("Dial: %v, want %v", err, tt.want)
				}
				if _, ok := errors.AsType[*conn.DialError](err); ok {
					t.Errorf("%v is a DialError", err)
				}
				if c != nil {
					c.Abort()
				}
				elapsed(t, start, 0)
			})
		})
	}
}

func TestDialMaxHeaderSize(t *testing.T) {
	for name, tt := range map[string]struct{ limit, size int }{
		"default": {0, 64 << 10}, "own": {1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			for _, over := range []int{0, 1} {
				pad := tt.size + over - len(switching("X: ")) - len(openingKey) + len("ACCEPT")
				w := alone(switching("X: " + strings.Repeat("x", pad)))
				d := w.dialer()
				d.Config.MaxHeaderSize = tt.limit
				c, err := d.Dial(t.Context(), "ws://a.example/")
				if over == 0 && err != nil || over == 1 && !errors.Is(err, handshake.ErrHeaderTooLarge) {
					t.Errorf("%d bytes: %v", tt.size+over, err)
				}
				if c != nil {
					c.Abort()
				}
			}
		})
	}
}

func TestDialEndlessHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := alone("")
		sent := make(chan int64, 1)
		w.hosts["a.example:80"] = func(nc net.Conn) {
			io.WriteString(nc, "HTTP/1.1 101 S\r\nX: ")
			n, _ := io.Copy(nc, letters{})
			sent <- n
		}
		if _, err := w.dialer().Dial(t.Context(), "ws://a.example/"); !errors.Is(err, handshake.ErrHeaderTooLarge) {
			t.Errorf("Dial: %v", err)
		}
		if n := <-sent; n > 256<<10 {
			t.Errorf("the server could send %d bytes", n)
		}
	})
}

// letters is an endless line.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What comes in one segment with the 101 is kept.
func TestDialKeepsWhatFollows(t *testing.T) {
	for _, size := range []int{1, 125, 8000, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			want := strings.Repeat("x", size)
			first := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.Text, Length: int64(size)})
			w := alone("HTTP/1.1 100 Continue\r\n\r\n" + switching() + string(first) + want + "\x81\x04next")
			c := mustDial(t, w.dialer(), "ws://a.example/")
			for _, want := range []string{want, "next"} {
				if _, p, err := c.Read(t.Context()); string(p) != want || err != nil {
					t.Errorf("Read = %.20q, %v; want %.20q", p, err, want)
				}
			}
		})
	}
}
