package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
)

// attributes are what the documentation's table lists of a connection.
type attributes struct {
	Socket    string
	Client    string
	Since     bool
	Connected bool
	MaxSize   int64
	Timeout   time.Duration
	Code      conn.Code
	Reason    string
}

func attributesOf(c *app.Conn) attributes {
	return attributes{
		Socket: c.NetConn().RemoteAddr().String(), Client: c.ClientAddress().String(),
		Since: time.Since(c.ConnectedAt()) < time.Hour && !c.ConnectedAt().IsZero(), Connected: c.Connected(),
		MaxSize: c.Limits().MaxMessageSize, Timeout: c.Limits().ReadTimeout,
		Code: c.CloseCode(), Reason: c.CloseReason(),
	}
}

func TestSeed066Attributes(t *testing.T) {
	var all []attributes
	done := make(chan struct{})
	_, url := serve(t, app.Config{}, at(t, "/x", acts{
		open: func(c *app.Conn) error {
			all = append(all, attributesOf(c))
			go func() { // others may look as well
				for c.Context().Err() == nil {
					attributesOf(c)
				}
			}()
			return nil
		},
		text: func(c *app.Conn, _ []byte) error { all = append(all, attributesOf(c)); return nil },
		close: func(c *app.Conn, _ *app.CloseError) {
			all = append(all, attributesOf(c))
			close(done)
		},
	}))
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "a"))
	p.close(4000, "bye")
	<-done
	up := attributes{
		Socket: p.nc.LocalAddr().String(), Client: p.nc.LocalAddr().String(), Since: true, Connected: true,
		MaxSize: 2 << 20, Timeout: 30 * time.Minute, Code: 1000,
	}
	over := up
	over.Connected, over.Code, over.Reason = false, 4000, "bye"
	if diff := cmp.Diff([]attributes{up, up, over}, all); diff != "" {
		t.Errorf("in OnOpen, OnMessage and OnClose (-want +got):\n%s", diff)
	}
}

// NetConn is one and the same stream, however often it is asked for: nothing piles
// up.
func TestSeed066NetConn(t *testing.T) {
	_, url := serve(t, app.Config{}, at(t, "/x", acts{text: func(c *app.Conn, text []byte) error {
		stream := c.NetConn()
		for range 100 {
			if c.NetConn() != stream {
				return errors.New("NetConn returned another stream")
			}
		}
		_, err := stream.Write(text)
		return err
	}}))
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "as a stream"))
	p.want(conn.Binary, "as a stream")
}

func TestSeed066More(t *testing.T) {
	type key struct{}
	_, url := serve(t, app.Config{}, at(t, "/{a}", acts{open: func(c *app.Conn) error {
		c.Set(key{}, "value")
		c.Set("other", 1)
		c.Set(key{}, "newer")
		same, ok := c.Server().Conn(c.ID())
		return c.SendText(fmt.Sprint(c.Path(), " ", c.Get(key{}), " ", c.Get("none"), " ", same == c, " ", ok, " ",
			c.Request().Query().Get("q"), " ", c.Request().Header("user-agent"), " ", c.Request().Host() != ""))
	}}))
	openFrames(t, url, "/x%20y?q=1", "User-Agent: test").want(conn.Text, "/x%20y newer <nil> true true 1 test true")
	first, second := make(chan string, 2), "" // ids differ
	_, url = serve(t, app.Config{}, at(t, "/", acts{open: func(c *app.Conn) error { first <- c.ID(); return nil }}))
	dial(t, url+"/")
	dial(t, url+"/")
	if second = <-first; second == <-first {
		t.Errorf("two connections have the id %s", second)
	}
}

func TestSeed067SendText(t *testing.T) {
	big := strings.Repeat("大", 2<<20/3)
	_, url := serve(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error {
		for _, bad := range []string{"\xff", "half \xe4\xbd", "\xed\xa0\x80"} {
			if err := c.SendText(bad); !errors.Is(err, conn.ErrNotUTF8) {
				t.Errorf("SendText(%q): %v, want ErrNotUTF8", bad, err)
			}
		}
		return errors.Join(c.SendText("你好"), c.SendText(""), c.SendTextBytes(nil), c.SendText(big),
			c.SendJSON(map[string]any{"<键>": 1}))
	}}))
	openFrames(t, url, "/x").want(conn.Text, "你好", "", "", big, `{"\u003c键\u003e":1}`)
}

func TestSeed068SendBinary(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 65535, 65536}
	_, url := serve(t, app.Config{}, at(t, "/x", acts{open: func(c *app.Conn) error {
		var errs []error
		for _, n := range sizes {
			errs = append(errs, c.SendBinary(make([]byte, n)))
		}
		return errors.Join(errs...)
	}}))
	p := openFrames(t, url, "/x") // its parser takes no length that isn't in its shortest form
	for _, n := range sizes {
		p.want(conn.Binary, string(make([]byte, n)))
	}
}

func TestSeed069Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(closes, 2)
		_, m := serveMemory(t, app.Config{}, at(t, "/x", acts{
			text: func(c *app.Conn, _ []byte) error {
				err := errors.Join(c.SendText("last"), c.Close(4000, "first"), c.Close(4001, "second"))
				if c.Connected() {
					t.Error("still connected after Close")
				}
				return err
			},
			close: ends.note,
		}))
		p := m.open(t, "/x")
		p.write(whole(conn.Text, "go"))
		p.want(conn.Text, "last") // what was sent before goes out before
		p.wantClose(4000, "first")
		time.Sleep(3 * time.Second) // the server waits
		if len(ends) != 0 {
			t.Error("the connection was dropped before the peer answered")
		}
		p.write(closing(4000, ""))
		p.wantEnd()
		if e := <-ends; e.Code != 4000 || e.Reason != "first" || e.Err != nil || e.Remote {
			t.Errorf("OnClose was told %v", e)
		}
	})
}

func TestSeed070CloseCodes(t *testing.T) {
	sendable := func(code conn.Code) bool {
		return 1000 <= code && code <= 1003 || 1007 <= code && code <= 1014 || 3000 <= code && code <= 4999
	}
	_, url := serve(t, app.Config{}, at(t, "/{int:code}", acts{open: func(c *app.Conn) error {
		code := conn.Code(c.Int("code"))
		err := c.Close(code, "")
		if sendable(code) {
			return err
		}
		if !errors.Is(err, conn.ErrCloseCode) || !c.Connected() {
			t.Errorf("Close(%d): %v, connected %v", code, err, c.Connected())
		}
		return c.SendText("refused")
	}}))
	for _, code := range []conn.Code{
		0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016,
		2999, 3000, 3999, 4000, 4999, 5000, 65535,
	} {
		p := openFrames(t, url, fmt.Sprintf("/%d", code))
		if sendable(code) {
			p.wantClose(code, "")
		} else {
			p.want(conn.Text, "refused")
		}
	}
}

func TestSeed070CloseReasons(t *testing.T) {
	for name, tt := range map[string]struct{ reason, want string }{
		"fits":      {strings.Repeat("r", 123), strings.Repeat("r", 123)},
		"too-long":  {strings.Repeat("r", 124), strings.Repeat("r", 123)},
		"chinese":   {strings.Repeat("因", 67), strings.Repeat("因", 41)},
		"four-byte": {strings.Repeat("😀", 40), strings.Repeat("😀", 30)},
		"not-utf8":  {"保存失败: \xff.bin", "保存失败: \uFFFD.bin"},
	} {
		t.Run(name, func(t *testing.T) {
			ends := make(closes, 1)
			_, url := serve(t, app.Config{}, at(t, "/x", acts{
				open:  func(c *app.Conn) error { return c.Close(conn.CodeInternalError, tt.reason) },
				close: ends.note,
			}))
			p := openFrames(t, url, "/x")
			p.wantClose(conn.CodeInternalError, tt.want)
			p.write(closing(conn.CodeInternalError, ""))
			if e := <-ends; e.Reason != tt.want {
				t.Errorf("OnClose was told %q", e.Reason)
			}
		})
	}
}

// Two goroutines send more than the sockets hold; frames never mix.
func TestSeed071ConcurrentSends(t *testing.T) {
	const each, size = 50, 200_000
	_, url := serve(t, app.Config{Limits: conn.Config{WriteTimeout: time.Minute}}, at(t, "/x", acts{open: func(c *app.Conn) error {
		var wg sync.WaitGroup
		for _, letter := range []string{"a", "b"} {
			wg.Go(func() {
				message := bytes.Repeat([]byte(letter), size)
				for range each {
					if err := c.SendBinary(message); err != nil {
						t.Errorf("send: %v", err)
					}
				}
			})
		}
		go func() {
			wg.Wait()
			c.Close(conn.CodeNormal, "all")
		}()
		return nil
	}}))
	p := openFrames(t, url, "/x")
	count := map[byte]int{}
	for range 2 * each {
		f, ok := p.next()
		if !ok || f.Opcode != frame.Binary || !f.Fin || len(f.payload) != size || bytes.Count(f.payload, f.payload[:1]) != size {
			t.Fatalf("got %v fin=%v of %d bytes, %v", f.Opcode, f.Fin, len(f.payload), ok)
		}
		count[f.payload[0]]++
	}
	if count['a'] != each || count['b'] != each {
		t.Errorf("messages by sender: %v", count)
	}
	p.wantClose(conn.CodeNormal, "all")
}

func TestSeed072CloseFromElsewhere(t *testing.T) {
	for name, mute := range map[string]bool{"answering": false, "mute": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := make(closes, 1)
				_, m := serveMemory(t, app.Config{}, at(t, "/x", acts{
					open: func(c *app.Conn) error {
						time.AfterFunc(time.Minute, func() { c.Close(conn.CodeGoingAway, "心跳超时") })
						return nil
					},
					close: ends.note,
				}))
				p := m.open(t, "/x")
				p.wantClose(conn.CodeGoingAway, "心跳超时")
				start, want := time.Now(), time.Duration(0)
				if mute {
					want = 5 * time.Second
				} else {
					p.write(closing(conn.CodeGoingAway, ""))
				}
				<-ends
				if got := time.Since(start); got > want+time.Second || got < want {
					t.Errorf("OnClose after %v, want %v", got, want)
				}
			})
		})
	}
}

func TestSeed073SendAfterClose(t *testing.T) {
	log, lines := logger(-8)
	results := make(chan error, 20)
	sends := func(c *app.Conn) {
		for _, send := range []func() error{
			func() error { return c.SendText("late") },
			func() error { return c.SendTextBytes([]byte("late")) },
			func() error { return c.SendBinary([]byte("late")) },
			func() error { return c.SendJSON("late") },
			func() error { return c.SendChunked([]byte("late"), 2) },
			func() error { return c.SendFragmented(conn.Text, []byte("late"), 2) },
			func() error { return c.Send(context.Background(), conn.Text, nil) },
			func() error { return c.Join("late") },
		} {
			results <- send()
		}
	}
	_, url := serve(t, app.Config{Logger: log}, at(t, "/x", acts{
		text: func(c *app.Conn, _ []byte) error {
			c.Close(conn.CodeNormal, "")
			return c.SendText("late") // as a hook may end: no error worth a line
		},
		close: func(c *app.Conn, _ *app.CloseError) {
			sends(c)
			close(results)
		},
	}))
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "go"))
	p.wantClose(conn.CodeNormal, "")
	p.write(closing(conn.CodeNormal, ""))
	p.wantEnd()
	n := 0
	for err := range results {
		if n++; !errors.Is(err, app.ErrClosed) {
			t.Errorf("call %d after the end: %v, want ErrClosed", n, err)
		}
	}
	if got := lines.String(); strings.Contains(got, "ERROR") || strings.Contains(got, "WARN") {
		t.Errorf("log:\n%s", got)
	}
}

func TestSeed074DeadReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(closes, 1)
		sent := make(chan error, 1)
		_, m := serveMemory(t, app.Config{}, at(t, "/x", acts{
			open: func(c *app.Conn) error {
				err := c.SendBinary(make([]byte, 8<<20))
				sent <- err
				return err
			},
			close: ends.note,
		}))
		m.openDeaf(t, "192.0.2.7:7777", "/x") // which never reads
		start := time.Now()
		if err := <-sent; !errors.Is(err, app.ErrClosed) {
			t.Errorf("SendBinary: %v, want ErrClosed", err)
		}
		if e := <-ends; e.Code != conn.CodeAbnormal || !errors.Is(e, conn.ErrWriteTimeout) {
			t.Errorf("OnClose was told %v", e)
		}
		if got := time.Since(start); got < 10*time.Second || got > 20*time.Second {
			t.Errorf("after %v, want 10s, 20s at most", got)
		}
	})
}
