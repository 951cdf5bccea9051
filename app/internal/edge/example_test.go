package edge_test

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/godwit-ws/godwit/app/internal/edge"
	"github.com/godwit-ws/godwit/handshake"
)

func ExampleTrust_Resolve() {
	trust := edge.NewTrust([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	var r handshake.Request
	r.Add("X-Forwarded-For", "127.0.0.1, 192.0.2.1, 10.0.0.2") // the first is the client's own invention
	r.Add("X-Forwarded-Proto", "https")
	c := trust.Resolve(edge.Client{Addr: netip.MustParseAddrPort("10.0.0.1:40000")}, &r)
	fmt.Println(c.Addr.Addr(), c.Scheme)
	// Output: 192.0.2.1 https
}

func ExampleReadProxyHeader() {
	connection := strings.NewReader("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nGET / HTTP/1.1\r\n")
	src, local, rest, err := edge.ReadProxyHeader(connection, nil)
	fmt.Printf("%v %v %q %v\n", src, local, rest, err)
	// Output: 192.0.2.1:56324 false "GET / HTTP/1.1\r\n" <nil>
}
