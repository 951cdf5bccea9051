package proxy_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/conn/internal/proxy"
)

func ExampleEnv_ProxyFor() {
	env := proxy.Env{HTTPS: "proxy.example:3128", No: "intranet.example,10.0.0.0/8"}
	for _, target := range []string{"wss://example.com/chat", "wss://a.intranet.example/", "wss://10.1.2.3/", "ws://example.com/"} {
		u, _ := url.Parse(target)
		fmt.Println(env.ProxyFor(u))
	}
	// Output:
	// http://proxy.example:3128 <nil>
	// <nil> <nil>
	// <nil> <nil>
	// <nil> <nil>
}

func TestEnvFrom(t *testing.T) {
	upper := map[string]string{"HTTP_PROXY": "a", "HTTPS_PROXY": "b", "ALL_PROXY": "c", "NO_PROXY": "d"}
	lower := map[string]string{"http_proxy": "e", "https_proxy": "f", "all_proxy": "g", "no_proxy": "h"}
	both := map[string]string{"HTTP_PROXY": "a", "http_proxy": "e", "no_proxy": "h"}
	cgi := map[string]string{"REQUEST_METHOD": "GET", "HTTP_PROXY": "a", "http_proxy": "e", "HTTPS_PROXY": "b"}
	cgiUpper := map[string]string{"REQUEST_METHOD": "GET", "HTTP_PROXY": "a"}
	tests := []struct {
		name string
		env  map[string]string
		want proxy.Env
	}{
		{"nothing-set", nil, proxy.Env{}},
		{"upper-case", upper, proxy.Env{HTTP: "a", HTTPS: "b", All: "c", No: "d"}},
		{"lower-case", lower, proxy.Env{HTTP: "e", HTTPS: "f", All: "g", No: "h"}},
		{"upper-case-wins", both, proxy.Env{HTTP: "a", No: "h"}},
		{"cgi-reads-lower-case-only", cgi, proxy.Env{HTTP: "e", HTTPS: "b"}},
		{"cgi-ignores-the-proxy-header", cgiUpper, proxy.Env{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := proxy.EnvFrom(func(name string) string { return tt.env[name] })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("EnvFrom(%v) (-want +got):\n%s", tt.env, diff)
			}
		})
	}
}

func TestFromEnvironmentReadsOnEveryCall(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	target := mustParse(t, "wss://example.com/")
	if got, err := proxy.FromEnvironment(target); got != nil || err != nil {
		t.Errorf("without variables: %v, %v; want nil, nil", got, err)
	}
	t.Setenv("HTTPS_PROXY", "http://proxy.example:1")
	if got, err := proxy.FromEnvironment(target); err != nil || got == nil || got.Host != "proxy.example:1" {
		t.Errorf("with HTTPS_PROXY: %v, %v; want proxy.example:1", got, err)
	}
}

func TestProxyForChoosesByScheme(t *testing.T) {
	all := proxy.Env{HTTP: "http://h", HTTPS: "https://s:1", All: "socks5://a"}
	tests := []struct {
		name   string
		env    proxy.Env
		target string
		want   string // empty for none
	}{
		{"ws", all, "ws://example.com/", "http://h"},
		{"wss", all, "wss://example.com/", "https://s:1"},
		{"http", all, "http://example.com/", "http://h"},
		{"https", all, "https://example.com/", "https://s:1"},
		{"other-scheme", all, "ftp://example.com/", ""},
		{"ws-falls-back-to-all", proxy.Env{HTTPS: "http://s", All: "socks5h://a:9"}, "ws://example.com/", "socks5h://a:9"},
		{"wss-falls-back-to-all", proxy.Env{HTTP: "http://h", All: "socks5://a"}, "wss://example.com/", "socks5://a"},
		{"none-set", proxy.Env{}, "wss://example.com/", ""},
		{"without-scheme", proxy.Env{HTTP: "h:3128"}, "ws://example.com/", "http://h:3128"},
		{"address-without-scheme", proxy.Env{HTTP: "192.0.2.1:3128"}, "ws://example.com/", "http://192.0.2.1:3128"},
		{"credentials-without-scheme", proxy.Env{HTTP: "user:pw@h:3128"}, "ws://example.com/", "http://user:pw@h:3128"},
		{"upper-case-scheme", proxy.Env{HTTP: "SOCKS5H://h"}, "ws://example.com/", "socks5h://h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.env.ProxyFor(mustParse(t, tt.target))
			if err != nil {
				t.Fatalf("ProxyFor(%s): %v", tt.target, err)
			}
			if text := urlText(got); text != tt.want {
				t.Errorf("ProxyFor(%s) = %q, want %q", tt.target, text, tt.want)
			}
		})
	}
}

func urlText(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func TestProxyForLeavesOut(t *testing.T) {
	tests := []struct {
		name, no, target string
		direct           bool
	}{
		{"empty-list", "", "ws://example.com/", false},
		{"only-commas", " , ,", "ws://example.com/", false},
		{"star", "*", "ws://example.com/", true},
		{"star-in-list", "a, * ,b", "ws://192.0.2.1/", true},

		{"same-name", "example.com", "ws://example.com/", true},
		{"name-below", "example.com", "ws://a.b.example.com/", true},
		{"name-that-only-ends-alike", "example.com", "ws://badexample.com/", false},
		{"name-above", "a.example.com", "ws://example.com/", false},
		{"other-case", "Example.COM", "ws://eXample.com/", true},
		{"root-dot-in-target", "example.com", "ws://example.com./", true},
		{"root-dot-in-list", "example.com.", "ws://example.com/", true},
		{"second-in-list", "a.test, example.com", "ws://example.com/", true},
		{"single-label", "com", "ws://example.com/", true},

		{"dot-covers-below", ".example.com", "ws://a.example.com/", true},
		{"dot-not-itself", ".example.com", "ws://example.com/", false},
		{"star-dot-covers-below", "*.example.com", "ws://a.example.com/", true},
		{"star-dot-not-itself", "*.example.com", "ws://example.com/", false},
		{"lone-dot", ".", "ws://example.com/", false},
		{"lone-star-dot", "*.", "ws://example.com/", false},

		{"same-port", "example.com:8080", "ws://example.com:8080/", true},
		{"other-port", "example.com:8080", "ws://example.com:8081/", false},
		{"default-port-ws", "example.com:80", "ws://example.com/", true},
		{"default-port-wss", "example.com:443", "wss://example.com/", true},
		{"other-default-port", "example.com:80", "wss://example.com/", false},
		{"port-only", ":80", "ws://example.com/", false},
		{"dot-with-port", ".example.com:80", "ws://a.example.com/", true},

		{"same-address", "192.0.2.1", "ws://192.0.2.1/", true},
		{"other-address", "192.0.2.1", "ws://192.0.2.10/", false},
		{"address-with-port", "192.0.2.1:80", "ws://192.0.2.1/", true},
		{"address-with-other-port", "192.0.2.1:81", "ws://192.0.2.1/", false},
		{"address-is-no-suffix", "2.1", "ws://192.0.2.1/", false},
		{"mapped-target", "192.0.2.1", "ws://[::ffff:192.0.2.1]/", true},
		{"mapped-entry", "::ffff:192.0.2.1", "ws://192.0.2.1/", true},
		{"ipv6", "2001:db8::1", "ws://[2001:DB8:0::1]/", true},
		{"ipv6-in-brackets", "[2001:db8::1]", "ws://[2001:db8::1]/", true},
		{"ipv6-with-port", "[2001:db8::1]:80", "ws://[2001:db8::1]/", true},
		{"ipv6-with-other-port", "[2001:db8::1]:81", "ws://[2001:db8::1]/", false},
		{"ipv6-with-zone", "fe80::/10", "ws://[fe80::1%25eth0]/", true},

		{"range", "192.0.2.0/24", "ws://192.0.2.77/", true},
		{"outside-range", "192.0.2.0/24", "ws://192.0.3.77/", false},
		{"range-with-host-bits", "192.0.2.9/24", "ws://192.0.2.77/", true},
		{"range-and-name", "0.0.0.0/0", "ws://example.com/", false},
		{"range-ipv6", "2001:db8::/32", "ws://[2001:db8:1::1]/", true},
		{"range-and-mapped-target", "192.0.2.0/24", "ws://[::ffff:192.0.2.7]/", true},
		{"bad-range", "192.0.2.0/99", "ws://192.0.2.0/", false},

		{"localhost", "", "ws://localhost:8080/", true},
		{"localhost-upper-case", "", "ws://LOCALHOST/", true},
		{"localhost-with-root-dot", "", "ws://localhost./", true},
		{"below-localhost", "", "ws://app.localhost/", true},
		{"not-quite-localhost", "", "ws://localhost.example.com/", false},
		{"ends-like-localhost", "", "ws://notlocalhost/", false},
		{"loopback", "", "wss://127.0.0.1/", true},
		{"loopback-elsewhere-in-its-range", "", "wss://127.9.9.9:1/", true},
		{"loopback-ipv6", "", "wss://[::1]/", true},
		{"loopback-mapped", "", "wss://[::ffff:127.0.0.1]/", true},
		{"unspecified", "", "wss://0.0.0.0/", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := proxy.Env{All: "http://proxy.example", No: tt.no}
			got, err := env.ProxyFor(mustParse(t, tt.target))
			if err != nil || (got == nil) != tt.direct {
				t.Errorf("ProxyFor(%s) with NO_PROXY=%q = %v, %v; want direct %t", tt.target, tt.no, got, err, tt.direct)
			}
		})
	}
}

func TestProxyForRefusesWithoutTellingTheValue(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"unknown-scheme", "ftp://user:hunter2@h", "proxy: HTTP_PROXY: unusable proxy URL: unknown scheme"},
		{"no-host", "http://user:hunter2@", "proxy: HTTP_PROXY: unusable proxy URL: no host"},
		{"no-host-at-all", "socks5://", "proxy: HTTP_PROXY: unusable proxy URL: no host"},
		{"not-a-url", "http://user:hunter2@h:port", "proxy: HTTP_PROXY: unusable proxy URL"},
		{"control-character", "http://user:hunter2@h\n", "proxy: HTTP_PROXY: unusable proxy URL"},
		{"port-zero", "http://user:hunter2@h:0", "proxy: HTTP_PROXY: unusable proxy URL: no such port"},
		{"port-too-high", "http://user:hunter2@h:65536", "proxy: HTTP_PROXY: unusable proxy URL: no such port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := proxy.Env{HTTP: tt.value}.ProxyFor(mustParse(t, "ws://example.com"))
			if got != nil || !errors.Is(err, proxy.ErrURL) || err.Error() != tt.want {
				t.Errorf("ProxyFor = %v, %v; want nil, %s", got, err, tt.want)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("password in %q", err)
			}
		})
	}
	t.Run("named-after-the-variable-used", func(t *testing.T) {
		_, err := proxy.Env{All: "x://h"}.ProxyFor(mustParse(t, "wss://example.com"))
		if err == nil || !strings.Contains(err.Error(), "ALL_PROXY") {
			t.Errorf("err = %v, want one about ALL_PROXY", err)
		}
	})
	t.Run("direct-targets-do-not-care", func(t *testing.T) {
		if _, err := (proxy.Env{All: "x://h"}).ProxyFor(mustParse(t, "wss://localhost")); err != nil {
			t.Errorf("err = %v, want nil", err)
		}
	})
}
