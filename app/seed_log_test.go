package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/app"
	"github.com/godwit-ws/godwit/conn"
)

// stderrOf returns what f writes to standard error.
func stderrOf(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old, oldDefault := os.Stderr, slog.Default()
	os.Stderr = w
	defer func() {
		os.Stderr = old
		slog.SetDefault(oldDefault)
	}()
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		read <- string(text)
	}()
	f()
	w.Close()
	return <-read
}

func TestSeed088SetupLogging(t *testing.T) {
	got := stderrOf(t, func() {
		logger := app.SetupLogging(slog.LevelInfo)
		logger.Debug("hidden")
		logger.Info("shown", "key", "a value")
		slog.Default().With("logger", "godwit.router").Warn("of the default")
		logger.Error("two\nlines\x1b[31m")
	})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	want := []string{
		`root - INFO - shown key="a value"`,
		`godwit\.router - WARNING - of the default`,
		`root - ERROR - two\\nlines\\x1b\[31m`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), got)
	}
	for i, line := range lines {
		if !regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - ` + want[i] + `$`).MatchString(line) {
			t.Errorf("line %d is %q, want %q", i, line, want[i])
		}
	}
}

// matches reports whether a line of a log is as a regular expression says, from the
// level on or from the logger's name on.
func matches(lines *logBuffer, want string) bool {
	return regexp.MustCompile(`(?m)^[-\d]+ [:\d]+,\d{3} - (godwit\.\w+ - )?` + want).MatchString(lines.String())
}

// events makes happen what is logged, and returns the log.
func events(t *testing.T, log *slog.Logger) {
	t.Helper()
	r := app.NewRouter(app.RouterConfig{Logger: log})
	s, url := serve(t, app.Config{Router: r, Logger: log}, func(r *app.Router) {
		at(t, "/x/{a}", acts{
			open: func(c *app.Conn) error {
				if c.Param("a") == "open" {
					return errors.New("trouble in open")
				}
				return nil
			},
			text:  func(*app.Conn, []byte) error { return errors.New("trouble\nin message") },
			close: func(*app.Conn, *app.CloseError) { panic("trouble in close") },
		})(r)
		r.AddRoute("/x/{b}", newGreeterless)
		bp := app.NewBlueprint("/x").Route("/{c}", newGreeterless)
		bp.Register(r)
		app.NewBlueprint("/y").Route("/{", newGreeterless).Register(r)
		r.Discover("nothere")
	})
	raw(t, s.Addr().String(), "GET /x/1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	status(t, new(conn.Dialer), url+"/X%0Aforged - line/1")
	openFrames(t, url, "/x/open").wantFail(conn.CodeInternalError)
	p := openFrames(t, url, "/x/1")
	p.write(whole(conn.Text, "go"))
	p.wantFail(conn.CodeInternalError)
	p = openFrames(t, url, "/x/1")
	p.write(whole(conn.Text, "\xff"))
	p.wantFail(conn.CodeInvalidPayload)
	p = openFrames(t, url, "/x/1")
	p.write(closing(conn.CodeNormal, "with\nnewline - ERROR - forged"))
	p.wantFail(conn.CodeNormal)
	eventually(t, "all is over", func() bool { return s.Stats().Conns == 0 })
}

func TestSeed089Events(t *testing.T) {
	log, lines := logger(slog.LevelDebug)
	events(t, log)
	got := lines.String()
	for _, want := range []string{
		`godwit\.router - INFO - 路由注册成功: /x/\{a\} -> acts`,
		`godwit\.router - WARNING - 路由冲突: 路径 '/x/\{b\}' 已存在，本次注册将被忽略`,
		`godwit\.router - WARNING - 蓝图路由冲突: 路径 '/x/\{c\}' 已存在，跳过模块 '[^']*seed_log_test\.go' 的注册`,
		`godwit\.router - ERROR - 导入模块失败: [^ ]*seed_log_test\.go - .*`,
		`godwit\.router - WARNING - 蓝图包 'nothere' 未找到.*`,
		`godwit\.server - INFO - listening address=127\.0\.0\.1:\d+.*`,
		`godwit\.connection - INFO - Handshake failed: .*WebSocket version.* status=426.*`,
		`godwit\.connection - INFO - Handshake failed: .* status=404.*`,
		`godwit\.connection - DEBUG - connected id=c\d+ client=127\.0\.0\.1:\d+ path=/x/1 handler=acts`,
		`godwit\.connection - ERROR - Handler error: trouble in open.*`,
		`godwit\.connection - ERROR - Message handling error: trouble\\nin message.*`,
		`godwit\.connection - ERROR - on_close error: panic: trouble in close.* stack=.*`,
		`godwit\.connection - INFO - Connection error: .*UTF-8.* code=1007.*`,
		`godwit\.connection - DEBUG - disconnected id=c\d+ .* code=1000 .*`,
	} {
		if !matches(lines, want) {
			t.Errorf("no line %s", want)
		}
	}
	for line := range strings.Lines(got) {
		if !regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - godwit\.(router|server|connection) - `).MatchString(line) {
			t.Errorf("a peer has broken a line: %q", line)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// Any slog.Handler will do: JSON, say, or none at all.
func TestSeed089OtherLoggers(t *testing.T) {
	var lines logBuffer
	events(t, slog.New(slog.NewJSONHandler(&lines, nil)))
	n := 0
	for line := range strings.Lines(lines.String()) {
		var entry struct{ Level, Msg, Logger string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || !strings.HasPrefix(entry.Logger, "godwit.") || entry.Msg == "" {
			t.Errorf("%q: %v", line, err)
		}
		n++
	}
	if n == 0 {
		t.Error("nothing was logged")
	}
	got := stderrOf(t, func() { events(t, slog.New(slog.DiscardHandler)) })
	if got != "" {
		t.Errorf("in spite of a logger that drops all, standard error has %q", got)
	}
}

// Without a logger, and with slog as it is, only what needs somebody's attention is
// said.
func TestSeed090SilentByDefault(t *testing.T) {
	var out bytes.Buffer
	log.SetOutput(&out)
	defer log.SetOutput(os.Stderr)
	s, err := app.New(app.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	at(t, "/x", acts{text: func(_ *app.Conn, text []byte) error {
		if string(text) == "fail" {
			return errOnPurpose
		}
		return nil
	}})(s.Router())
	started(t, s)
	url := "ws://" + s.Addr().String()
	status(t, new(conn.Dialer), url+"/nowhere")
	p := openFrames(t, url, "/x")
	p.write(whole(conn.Text, "a"), whole(conn.Binary, "unhandled"))
	p.close(conn.CodeNormal, "")
	eventually(t, "the connection is gone", func() bool { return s.Stats().Conns == 0 })
	if out.Len() != 0 {
		t.Errorf("the log has:\n%s", &out)
	}
	p = openFrames(t, url, "/x")
	p.write(whole(conn.Text, "fail"))
	p.wantFail(conn.CodeInternalError)
	eventually(t, "the connection is gone", func() bool { return s.Stats().Conns == 0 })
	if !strings.Contains(out.String(), "on purpose") {
		t.Errorf("the log has %q and not the error", &out)
	}
}
