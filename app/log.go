package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// loggerKey is the attribute that holds a logger's name.
const loggerKey = "logger"

// SetupLogging makes slog's default a logger that writes a line an entry to standard
// error, of entries of that level and above, and returns it:
//
//	2006-01-02 15:04:05,000 - godwit.router - INFO - message key=value
//
// What peers have sent appears in it without control characters.
func SetupLogging(level slog.Leveler) *slog.Logger {
	log := slog.New(NewLogHandler(os.Stderr, level))
	slog.SetDefault(log)
	return log
}

// NewLogHandler returns the slog.Handler of SetupLogging, writing to w. The name of
// a logger is its attribute "logger", or "root". Each entry is one Write.
func NewLogHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return &logHandler{out: &lockedWriter{w: w}, level: level, name: "root"}
}

// logHandler writes entries as Python's logging does.
type logHandler struct {
	out    *lockedWriter // shared with those derived from this one
	level  slog.Leveler
	name   string
	attrs  string // of WithAttrs, written
	prefix string // of the groups that are open
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	name := h.name
	var attrs bytes.Buffer
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == loggerKey && h.prefix == "" {
			name = a.Value.String()
		} else {
			appendAttr(&attrs, h.prefix, a)
		}
		return true
	})
	line := fmt.Appendf(nil, "%s - %s - %s - %s%s%s\n", at.Format("2006-01-02 15:04:05,000"),
		name, levelName(r.Level), oneLine(r.Message), h.attrs, attrs.Bytes())
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(line)
	return err
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	var b bytes.Buffer
	for _, a := range attrs {
		if a.Key == loggerKey && h.prefix == "" {
			derived.name = a.Value.String()
			continue
		}
		appendAttr(&b, h.prefix, a)
	}
	derived.attrs += b.String()
	return &derived
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.prefix += name + "."
	return &derived
}

// appendAttr writes an attribute as " key=value".
func appendAttr(b *bytes.Buffer, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			appendAttr(b, prefix, inner)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	b.WriteByte(' ')
	b.WriteString(oneLine(prefix + a.Key))
	b.WriteByte('=')
	if text := v.String(); needsQuotes(text) {
		b.WriteString(strconv.Quote(text))
	} else {
		b.WriteString(text)
	}
}

// needsQuotes reports whether a value would be unclear as it is.
func needsQuotes(text string) bool {
	return text == "" || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == '"' || r == '=' || !unicode.IsPrint(r)
	})
}

// levelName is a level as Python names it.
func levelName(l slog.Level) string {
	switch l {
	case slog.LevelDebug, slog.LevelInfo, slog.LevelError:
		return l.String()
	case slog.LevelWarn:
		return "WARNING"
	}
	return strings.Replace(l.String(), "WARN", "WARNING", 1)
}

// oneLine returns text without control characters, which a peer may have put there:
// they are written as in Go.
func oneLine(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unprintable(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }

// loggerNamed returns log, or what stands for nil, with a name: slog.Default; only
// warnings and errors of it as long as nobody has set it up.
func loggerNamed(log *slog.Logger, name string) *slog.Logger {
	if log == nil {
		log = slog.New(defaultHandler{})
	}
	return log.With(loggerKey, name)
}

// defaultHandler hands entries to slog.Default as it is when they come, so that
// SetupLogging may be called after a server was made.
type defaultHandler struct {
	with func(slog.Handler) slog.Handler // the attributes and groups of this one; nil for none
}

// Enabled implements slog.Handler.
func (h defaultHandler) Enabled(ctx context.Context, level slog.Level) bool {
	handler := slog.Default().Handler()
	if level < slog.LevelWarn && reflect.TypeOf(handler).String() == "*slog.defaultHandler" {
		return false
	}
	return handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h defaultHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.derive(slog.Default().Handler()).Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h defaultHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return defaultHandler{func(base slog.Handler) slog.Handler { return h.derive(base).WithAttrs(attrs) }}
}

// WithGroup implements slog.Handler.
func (h defaultHandler) WithGroup(name string) slog.Handler {
	return defaultHandler{func(base slog.Handler) slog.Handler { return h.derive(base).WithGroup(name) }}
}

func (h defaultHandler) derive(base slog.Handler) slog.Handler {
	if h.with == nil {
		return base
	}
	return h.with(base)
}

// enabled saves the making of an entry that nobody sees.
func enabled(log *slog.Logger, level slog.Level) bool {
	return log.Enabled(context.Background(), level)
}
