package edge_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app/internal/edge"
	"github.com/godwit-ws/godwit/handshake"
)

func TestResolveDirect(t *testing.T) {
	liar := []string{
		"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example",
		"Forwarded: for=192.0.2.1;proto=https;host=evil.example",
	}
	runResolve(t, []resolveCase{
		{"untrusted-with-fields", "203.0.113.9:5", liar, client("203.0.113.9:5", handshake.HTTP, "")},
		{"untrusted-ipv6", "[2001:db8:2::1]:5", liar, client("[2001:db8:2::1]:5", handshake.HTTP, "")},
		{"untrusted-mapped", "[::ffff:203.0.113.9]:5", liar, client("203.0.113.9:5", handshake.HTTP, "")},
		{"trusted-without-fields", "", nil, client(usualProxy, handshake.HTTP, "")},
		{"trusted-mapped", "[::ffff:10.0.0.1]:5", []string{"X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"trusted-ipv6", "[2001:db8:1::1]:5", []string{"X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
	})
}

// Nobody vouches for a peer without an address, and what direct knows stays where nobody says better.
func TestResolveKeepsDirect(t *testing.T) {
	nobody := edge.Client{Scheme: handshake.HTTPS, Host: "a.example"}
	r := request("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http")
	if diff := cmp.Diff(nobody, inside().Resolve(nobody, r), addrs); diff != "" {
		t.Errorf("no address (-want +got):\n%s", diff)
	}
	direct := client(usualProxy, handshake.HTTPS, "a.example")
	want := client("192.0.2.1:0", handshake.HTTPS, "a.example")
	if diff := cmp.Diff(want, inside().Resolve(direct, request("X-Forwarded-For: 192.0.2.1")), addrs); diff != "" {
		t.Errorf("nothing said (-want +got):\n%s", diff)
	}
}

// Two families may tell two stories; one of them may be the client's own.
func TestResolveBothFamilies(t *testing.T) {
	const proxy = usualProxy
	runResolve(t, []resolveCase{
		{"alike", "", []string{"Forwarded: for=192.0.2.1;proto=https;host=a.example", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: A.example"},
			client("192.0.2.1:0", handshake.HTTPS, "a.example")},
		{"port-in-one", "", []string{"Forwarded: for=\"192.0.2.1:7\"", "X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"port-in-both", "", []string{"Forwarded: for=\"192.0.2.1:7\"", "X-Forwarded-For: 192.0.2.1:7"}, client("192.0.2.1:7", handshake.HTTP, "")},
		{"scheme-spelt-otherwise", "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: wss"},
			client("192.0.2.1:0", handshake.HTTPS, "")},
		{"forged-forwarded", "", []string{"Forwarded: for=198.51.100.1;proto=https;host=evil.example", "X-Forwarded-For: 192.0.2.1"}, client(proxy, handshake.HTTP, "")},
		{"forged-x", "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-For: 198.51.100.1"}, client(proxy, handshake.HTTP, "")},
		{"forged-x-host-alone", "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-Host: evil.example"}, client(proxy, handshake.HTTP, "")},
		{"forged-host", "", []string{"Forwarded: for=192.0.2.1;host=evil.example", "X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"forged-scheme", "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http"},
			client("192.0.2.1:0", handshake.HTTP, "")},
		{"empty-x", "", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-For:", "X-Forwarded-Proto: ,"}, client("192.0.2.1:0", handshake.HTTPS, "")},
		{"empty-forwarded", "", []string{"Forwarded: , ,", "X-Forwarded-For: 192.0.2.1"}, client("192.0.2.1:0", handshake.HTTP, "")},
		{"unreadable-both", "", []string{"Forwarded: ?", "X-Forwarded-For: ?"}, client(proxy, handshake.HTTP, "")},
	})
}

func TestResolveAllocs(t *testing.T) {
	trust := inside()
	direct := client(usualProxy, handshake.HTTP, "")
	for _, tt := range []struct {
		name string
		r    *handshake.Request
	}{
		{"none", request("Host: a.example")},
		{"x", request("X-Forwarded-For: 192.0.2.9, 192.0.2.1, 10.0.0.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: a.example")},
		{"forwarded", request(`Forwarded: for=192.0.2.9, for="[2001:db8::1]:7";proto=https;host=a.example, for=10.0.0.7`)},
	} {
		var got edge.Client
		if allocs := testing.AllocsPerRun(100, func() { got = trust.Resolve(direct, tt.r) }); allocs != 0 {
			t.Errorf("%s: %v allocations, want none, for %v", tt.name, allocs, got)
		}
	}
}

// What a client writes itself stands at the left, and changes nothing.
func FuzzResolveLeft(f *testing.F) {
	f.Fuzz(func(t *testing.T, forged string) {
		direct := client(usualProxy, handshake.HTTP, "")
		for _, tt := range []struct {
			name   string
			fields []handshake.Field
			want   edge.Client
		}{
			{"x", []handshake.Field{{Name: "X-Forwarded-For", Value: forged + ", 203.0.113.9:80"}}, client("203.0.113.9:80", handshake.HTTP, "")},
			{"x-lines", []handshake.Field{{Name: "X-Forwarded-For", Value: forged}, {Name: "x-forwarded-for", Value: "203.0.113.9"}, {Name: "X-Forwarded-For", Value: "10.0.0.2"},
				{Name: "X-Forwarded-Proto", Value: forged + ",https,http"}}, client("203.0.113.9:0", handshake.HTTPS, "")},
			{"forwarded", []handshake.Field{{Name: "Forwarded", Value: forged + `,for="[2001:db8::1]";proto=https;host="a.example", for=10.0.0.2`}},
				client("[2001:db8::1]:0", handshake.HTTPS, "a.example")},
			{"forwarded-lines", []handshake.Field{{Name: "Forwarded", Value: forged}, {Name: "Forwarded", Value: "for=203.0.113.9"}}, client("203.0.113.9:0", handshake.HTTP, "")},
		} {
			if diff := cmp.Diff(tt.want, inside().Resolve(direct, &handshake.Request{Fields: tt.fields}), addrs); diff != "" {
				t.Errorf("%s with %q at the left (-want +got):\n%s", tt.name, forged, diff)
			}
		}
	})
}

// Whatever stands in the fields: an untrusted peer is itself; otherwise the address is one that is
// written there, or a proxy's, and the host can stand in a request.
func FuzzResolve(f *testing.F) {
	f.Fuzz(func(t *testing.T, forwarded, xFor, xProto, xHost string) {
		r := &handshake.Request{}
		for name, value := range map[string]string{"Forwarded": forwarded, "X-Forwarded-For": xFor, "X-Forwarded-Proto": xProto, "X-Forwarded-Host": xHost} {
			if value != "" {
				r.Add(name, value)
			}
		}
		outside := client("203.0.113.9:5", handshake.HTTP, "")
		if diff := cmp.Diff(outside, inside().Resolve(outside, r), addrs); diff != "" {
			t.Errorf("untrusted, %v (-want +got):\n%s", r.Fields, diff)
		}
		direct := client(usualProxy, handshake.HTTP, "")
		got := inside().Resolve(direct, r)
		switch {
		case got.Host != "" && !handshake.ValidHost(got.Host):
			t.Errorf("host %q of %v", got.Host, r.Fields)
		case !got.Addr.IsValid() || got.Addr.Addr().Zone() != "" || got.Addr.Addr().Is4In6():
			t.Errorf("address %v of %v", got.Addr, r.Fields)
		case len(r.Fields) == 0 && got != direct:
			t.Errorf("%v without fields", got)
		}
		if again := inside().Resolve(got, &handshake.Request{}); again != got {
			t.Errorf("%v became %v", got, again)
		}
		all := edge.NewTrust([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")})
		if got := all.Resolve(direct, r); got.Host != "" && !handshake.ValidHost(got.Host) || !got.Addr.IsValid() {
			t.Errorf("all trusted: %v of %v", got, r.Fields)
		}
	})
}
