package edge_test

import (
	"net/netip"
	"testing"

	"github.com/godwit-ws/godwit/app/internal/edge"
)

func TestContains(t *testing.T) {
	for _, tt := range []struct {
		name, prefix, addr string
		want               bool
	}{
		{"inside", "10.0.0.0/8", "10.255.0.1", true},
		{"outside", "10.0.0.0/8", "11.0.0.1", false},
		{"host-bits-set", "10.1.2.3/8", "10.9.9.9", true},
		{"mapped-address", "10.0.0.0/8", "::ffff:10.0.0.1", true},
		{"mapped-prefix", "::ffff:10.0.0.0/104", "10.0.0.1", true},
		{"mapped-prefix-and-address", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", true},
		{"mapped-prefix-outside", "::ffff:10.0.0.0/104", "11.0.0.1", false},
		{"mapped-prefix-all", "::ffff:0.0.0.0/96", "11.0.0.1", true},
		{"ipv6", "2001:db8::/32", "2001:db8::1", true},
		{"ipv6-all-is-no-ipv4", "::/0", "192.0.2.1", false},
		{"ipv4-all-is-no-ipv6", "0.0.0.0/0", "2001:db8::1", false},
		{"single", "192.0.2.7/32", "192.0.2.7", true},
		{"zone", "fe80::/10", "fe80::1%eth0", true},
		{"no-address", "0.0.0.0/0", "", false},
		{"no-prefix", "", "10.0.0.1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var prefix netip.Prefix
			if tt.prefix != "" {
				prefix = netip.MustParsePrefix(tt.prefix)
			}
			var addr netip.Addr
			if tt.addr != "" {
				addr = netip.MustParseAddr(tt.addr)
			}
			if got := edge.NewTrust([]netip.Prefix{prefix}).Contains(addr); got != tt.want {
				t.Errorf("%s contains %s: %v, want %v", tt.prefix, tt.addr, got, tt.want)
			}
		})
	}
}

func TestTrustCopies(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	trust := edge.NewTrust(prefixes)
	prefixes[0] = netip.MustParsePrefix("0.0.0.0/0")
	if trust.Contains(netip.MustParseAddr("192.0.2.1")) {
		t.Error("a change of the caller's slice changes whom a Trust trusts")
	}
	if (edge.Trust{}).Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the zero Trust trusts somebody")
	}
}
