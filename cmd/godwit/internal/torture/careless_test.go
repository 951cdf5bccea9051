package torture_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/torture"
)

// careless serves a connection as a WebSocket server does that was written in an
// afternoon: it answers every request, and echoes every frame with its first byte.
func careless(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
	for {
		var head [2]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return
		}
		length := head[1] & 0x7F
		n := uint64(length)
		wide := make([]byte, map[byte]int{126: 2, 127: 8}[length])
		if _, err := io.ReadFull(r, wide); err != nil {
			return
		}
		switch length {
		case 126:
			n = uint64(binary.BigEndian.Uint16(wide))
		case 127:
			n = binary.BigEndian.Uint64(wide)
		}
		var key [4]byte
		if head[1]&0x80 != 0 {
			if _, err := io.ReadFull(r, key[:]); err != nil {
				return
			}
		}
		if n > 1<<20 {
			return
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		if head[0]&0x0F == 9 {
			head[0]++
		}
		nc.Write(append(append([]byte{head[0], length}, wide...), payload...))
		if head[0]&0x0F == 8 {
			return
		}
	}
}

// The suite is worth something only if it finds what is wrong: of a careless server it
// finds fault with most cases of these groups, and waits for none for ever.
func TestCarelessServer(t *testing.T) {
	target := serveCareless(t)
	groups := regexp.MustCompile(`^(handshake/(key|version|origin|smuggle)|frame/|opcode/.*-empty|control/.*-(fragment|126)|fragment/|close/|utf8/)`)
	o := torture.Options{Patience: time.Second / 2}
	var cases []torture.Case
	for _, c := range torture.ServerCases(o) {
		if groups.MatchString(c.Name) {
			cases = append(cases, c)
		}
	}
	right := 0
	sum, err := torture.Server(t.Context(), target, o, cases, func(r torture.Result) {
		if r.Verdict == torture.Pass {
			right++
		} else if r.Err == nil {
			t.Errorf("%v %s without a reason", r.Verdict, r.Case.Name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := sum.Counts[torture.Fail] + sum.Counts[torture.Weak]; wrong < 3*right {
		t.Errorf("of %d cases only %d find fault with a careless server", len(cases), wrong)
	}
}

func serveCareless(t *testing.T) *torture.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go careless(nc)
		}
	}()
	target, err := torture.NewTarget("ws://"+l.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestNoServer(t *testing.T) {
	target, err := torture.NewTarget("ws://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := torture.Server(ctx, target, torture.Options{}, nil, nil); err == nil {
		t.Error("a server that isn't there was examined")
	}
}

func TestTargets(t *testing.T) {
	for url, fine := range map[string]bool{
		"ws://a": true, "wss://a:1/b?c": true, "ws://[::1]:80/": true,
		"http://a": false, "a": false, "ws://": false, "ws://a b": false, "": false,
	} {
		if _, err := torture.NewTarget(url, nil); (err == nil) != fine {
			t.Errorf("NewTarget(%q): %v", url, err)
		}
	}
}

// Names are unique, are what --run is given, and say what they are about.
func TestNames(t *testing.T) {
	o := known(hasty())
	o.HandshakeTimeout, o.Echo = time.Second, true
	for what, cases := range map[string][]torture.Case{"server": torture.ServerCases(o), "client": torture.ClientCases(o)} {
		seen := map[string]bool{}
		for _, c := range cases {
			switch {
			case seen[c.Name]:
				t.Errorf("%s: %s twice", what, c.Name)
			case !strings.Contains(c.Name, "/") || strings.ContainsAny(c.Name, " \t\n"):
				t.Errorf("%s: %q is no name", what, c.Name)
			case !strings.Contains(c.Title, ":") && !strings.HasPrefix(c.Name, "reset/"):
				t.Errorf("%s: %s doesn't say what is wanted: %q", what, c.Name, c.Title)
			}
			seen[c.Name] = true
		}
		if len(cases) < 300 {
			t.Errorf("%s: %d cases", what, len(cases))
		}
	}
}

// Cases whose limits aren't known are left out.
func TestUnknownLimits(t *testing.T) {
	for _, c := range torture.ServerCases(torture.Options{}) {
		for _, group := range []string{"limit/", "header/", "slow/", "deflate/bomb-"} {
			if strings.HasPrefix(c.Name, group) {
				t.Errorf("%s is played against a server of unknown limits", c.Name)
			}
		}
	}
}
