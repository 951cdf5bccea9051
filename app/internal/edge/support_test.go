package edge_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/godwit-ws/godwit/app/internal/edge"
	"github.com/godwit-ws/godwit/handshake"
)

// addrs compares addresses as such.
var addrs = cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})

// inside trusts what the tests use as proxies.
func inside() edge.Trust {
	return edge.NewTrust([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")})
}

// request has the given "Name: value" lines.
func request(lines ...string) *handshake.Request {
	var r handshake.Request
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		r.Add(name, strings.TrimSpace(value))
	}
	return &r
}

// client has an address, which may be "", a scheme and a host.
func client(addr string, scheme handshake.Scheme, host string) edge.Client {
	c := edge.Client{Scheme: scheme, Host: host}
	if addr != "" {
		c.Addr = netip.MustParseAddrPort(addr)
	}
	return c
}

// resolveCase is a request by a peer, and who is behind it.
type resolveCase struct {
	name   string
	direct string // "" is the usual proxy
	lines  []string
	want   edge.Client
}

const usualProxy = "10.0.0.1:40000"

func runResolve(t *testing.T, cases []resolveCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if tt.direct == "" {
				tt.direct = usualProxy
			}
			got := inside().Resolve(client(tt.direct, handshake.HTTP, ""), request(tt.lines...))
			if diff := cmp.Diff(tt.want, got, addrs); diff != "" {
				t.Errorf("Resolve(%s, %q) (-want +got):\n%s", tt.direct, tt.lines, diff)
			}
		})
	}
}
