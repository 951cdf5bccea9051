package load_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/godwit-ws/godwit/cmd/godwit/internal/load"
)

func TestBadConfig(t *testing.T) {
	const url = "ws://127.0.0.1:1/"
	for _, tt := range []struct {
		name string
		cfg  load.Config
		want string
	}{
		{"no-url", load.Config{}, `"" is no ws://`},
		{"no-scheme", load.Config{URL: "127.0.0.1:80"}, "first path segment"},
		{"other-scheme", load.Config{URL: "http://127.0.0.1/"}, "is no ws://"},
		{"no-host", load.Config{URL: "ws:///path"}, "no host"},
		{"tcp-without-port", load.Config{URL: "tcp://127.0.0.1"}, "needs a port"},
		{"tcp-compressed", load.Config{URL: "tcp://127.0.0.1:1", Compress: true}, "no compression"},
		{"tcp-broadcast", load.Config{URL: "tcp://127.0.0.1:1", Mode: load.Broadcast}, "no broadcasts"},
		{"mode", load.Config{URL: url, Mode: "sing"}, `no mode "sing"; there are [echo churn idle broadcast]`},
		{"content", load.Config{URL: url, Content: "prose"}, `no content "prose"; there are binary, ascii, cjk, json`},
		{"connections", load.Config{URL: url, Connections: -1}, "negative"},
		{"depth", load.Config{URL: url, Depth: -1}, "negative"},
		{"rate", load.Config{URL: url, Rate: -1}, "negative"},
		{"too-much-in-flight", load.Config{URL: url, Depth: 65, Size: 1 << 20}, "in flight"},
		{"rate-of-churn", load.Config{URL: url, Rate: 1, Mode: load.Churn}, "a rate goes with"},
		{"broadcast-to-nobody", load.Config{URL: url, Connections: 1, Mode: load.Broadcast}, "two connections"},
		{"first-of-none", load.Config{URL: url, Mode: load.Idle, Connections: 5, First: 5}, "the first 5 of 5 connections"},
		{"takeover-of-nothing", load.Config{URL: url, NoTakeover: true}, "without compression"},
		{"vars", load.Config{URL: url, ServerVars: "127.0.0.1:80"}, "at no http:// URL"},
		{"sources-too-many", load.Config{URL: url, Sources: 255}, "at most 254"},
		{"sources-of-a-name", load.Config{URL: "ws://localhost:1/", Sources: 2}, "127.0.0.0/8"},
		{"sources-abroad", load.Config{URL: "ws://192.0.2.1/", Sources: 2}, "127.0.0.0/8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load.Run(t.Context(), tt.cfg)
			if !errors.Is(err, load.ErrConfig) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want ErrConfig with %q", err, tt.want)
			}
		})
	}
}
