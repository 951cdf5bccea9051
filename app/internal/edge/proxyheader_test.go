package edge_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/godwit-ws/godwit/app/internal/edge"
)

// binaryHeader is a header of version 2 with its length filled in.
func binaryHeader(command, family byte, body string) string {
	head := []byte("\r\n\r\n\x00\r\nQUIT\n" + string([]byte{command, family}))
	return string(binary.BigEndian.AppendUint16(head, uint16(len(body)))) + body
}

const (
	ipv4Body = "\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb"
	ipv6Body = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xdc\x04\x01\xbb"
	mappedBody = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x02\xdc\x04\x01\xbb"
)

// header is what a PROXY header says.
type header struct {
	Src   string // "" = none
	Local bool
}

func headerOf(src netip.AddrPort, local bool) header {
	if !src.IsValid() {
		return header{Local: local}
	}
	return header{src.String(), local}
}

var goodHeaders = []struct {
	name, in string
	want     header
}{
	{"text-ipv4", "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", header{Src: "192.0.2.1:56324"}},
	{"text-ipv4-longest", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", header{Src: "255.255.255.255:65535"}},
	{"text-ipv4-port-zero", "PROXY TCP4 192.0.2.1 192.0.2.2 0 443\r\n", header{Src: "192.0.2.1:0"}},
	{"text-ipv6", "PROXY TCP6 2001:db8::1 2001:DB8::2 56324 443\r\n", header{Src: "[2001:db8::1]:56324"}},
	{"text-ipv6-longest", "PROXY TCP6 " + strings.Repeat("ffff:", 7) + "ffff " + strings.Repeat("ffff:", 7) + "ffff 65535 65535\r\n",
		header{Src: "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"}},
	{"text-ipv6-mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::1 56324 443\r\n", header{Src: "192.0.2.1:56324"}},
	{"text-unknown", "PROXY UNKNOWN\r\n", header{}},
	{"text-unknown-with-more", "PROXY UNKNOWN ffff::1  ? \x00\r\n", header{}},
	{"text-unknown-longest", "PROXY UNKNOWN " + strings.Repeat("f", 107-16) + "\r\n", header{}},
	{"binary-ipv4", binaryHeader(0x21, 0x11, ipv4Body), header{Src: "192.0.2.1:56324"}},
	{"binary-ipv4-datagram", binaryHeader(0x21, 0x12, ipv4Body), header{Src: "192.0.2.1:56324"}},
	{"binary-ipv4-with-tlvs", binaryHeader(0x21, 0x11, ipv4Body+"\x04\x00\x03abc"), header{Src: "192.0.2.1:56324"}},
	{"binary-ipv4-with-broken-tlvs", binaryHeader(0x21, 0x11, ipv4Body+"\x04\xff"), header{Src: "192.0.2.1:56324"}},
	{"binary-ipv6", binaryHeader(0x21, 0x21, ipv6Body), header{Src: "[2001:db8::1]:56324"}},
	{"binary-ipv6-datagram", binaryHeader(0x21, 0x22, ipv6Body), header{Src: "[2001:db8::1]:56324"}},
	{"binary-ipv6-mapped", binaryHeader(0x21, 0x21, mappedBody), header{Src: "192.0.2.1:56324"}},
	{"binary-unix", binaryHeader(0x21, 0x31, strings.Repeat("p", 216)), header{}},
	{"binary-unix-datagram", binaryHeader(0x21, 0x32, strings.Repeat("p", 216)), header{}},
	{"binary-unspec", binaryHeader(0x21, 0x00, ""), header{}},
	{"binary-unspec-with-more", binaryHeader(0x21, 0x00, ipv4Body), header{}},
	{"binary-local", binaryHeader(0x20, 0x00, ""), header{Local: true}},
	{"binary-local-family-ignored", binaryHeader(0x20, 0x99, "abc"), header{Local: true}},
	{"binary-local-with-address", binaryHeader(0x20, 0x11, ipv4Body), header{Local: true}},
	{"binary-longest", binaryHeader(0x21, 0x11, ipv4Body+strings.Repeat("t", 4096-12)), header{Src: "192.0.2.1:56324"}},
}

// What is good is read whatever follows it; each strict prefix needs more.
func TestParseProxyHeader(t *testing.T) {
	for _, tt := range goodHeaders {
		t.Run(tt.name, func(t *testing.T) {
			for _, after := range []string{"", "G", "\r\n", "GET / HTTP/1.1\r\n\r\n"} {
				src, local, n, err := edge.ParseProxyHeader([]byte(tt.in + after))
				if diff := cmp.Diff(tt.want, headerOf(src, local)); diff != "" || n != len(tt.in) || err != nil {
					t.Errorf("ParseProxyHeader(%q) = n %d, %v, want %d (-want +got):\n%s", tt.in+after, n, err, len(tt.in), diff)
				}
			}
			for n := range len(tt.in) {
				if src, local, n, err := edge.ParseProxyHeader([]byte(tt.in[:n])); headerOf(src, local) != (header{}) || n != 0 || err != edge.ErrShort {
					t.Fatalf("ParseProxyHeader(%q) = %v, %v, %d, %v; want ErrShort", tt.in[:n], src, local, n, err)
				}
			}
		})
	}
}

var badHeaders = []struct {
	name, in string
	want     error
}{
	{"http", "GET / HTTP/1.1\r\n", edge.ErrNoHeader},
	{"http-proxy-method", "PROXYING / HTTP/1.1\r\n", edge.ErrNoHeader},
	{"tls", "\x16\x03\x01\x02\x00", edge.ErrNoHeader},
	{"lower-case", "proxy ", edge.ErrNoHeader},
	{"text-tab", "PROXY\t", edge.ErrNoHeader},
	{"binary-cut-signature", "\r\n\r\n\x00\r\nQUIT\r", edge.ErrNoHeader},
	{"empty-lines", "\r\n\r\nG", edge.ErrNoHeader},
	{"text-two-spaces", "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", edge.ErrHeader},
	{"text-protocol", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", edge.ErrHeader},
	{"text-protocol-lower-case", "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n", edge.ErrHeader},
	{"text-protocol-longer", "PROXY UNKNOWNS\r\n", edge.ErrHeader},
	{"text-nothing", "PROXY \r\n", edge.ErrHeader},
	{"text-no-addresses", "PROXY TCP4\r\n", edge.ErrHeader},
	{"text-no-ports", "PROXY TCP4 192.0.2.1 192.0.2.2\r\n", edge.ErrHeader},
	{"text-one-port", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", edge.ErrHeader},
	{"text-five-parts", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", edge.ErrHeader},
	{"text-space-at-end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", edge.ErrHeader},
	{"text-other-family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", edge.ErrHeader},
	{"text-other-family-ipv6", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", edge.ErrHeader},
	{"text-mixed-families", "PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n", edge.ErrHeader},
	{"text-octal", "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n", edge.ErrHeader},
	{"text-zone", "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n", edge.ErrHeader},
	{"text-brackets", "PROXY TCP6 [2001:db8::1] 2001:db8::2 1 2\r\n", edge.ErrHeader},
	{"text-destination", "PROXY TCP4 192.0.2.1 host 1 2\r\n", edge.ErrHeader},
	{"text-port-zeros", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", edge.ErrHeader},
	{"text-port-too-large", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", edge.ErrHeader},
	{"text-port-signed", "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", edge.ErrHeader},
	{"text-destination-port", "PROXY TCP4 192.0.2.1 192.0.2.2 1 x\r\n", edge.ErrHeader},
	{"text-lf", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", edge.ErrHeader},
	{"text-cr", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rG", edge.ErrHeader},
	{"text-unknown-cr", "PROXY UNKNOWN a\rb\r\n", edge.ErrHeader},
	{"text-unknown-lf", "PROXY UNKNOWN a\nb\r\n", edge.ErrHeader},
	{"text-too-long", "PROXY UNKNOWN " + strings.Repeat("f", 107-15) + "\r\n", edge.ErrHeader},
	{"text-endless", "PROXY UNKNOWN " + strings.Repeat("f", 107-14), edge.ErrHeader},
	{"binary-version-1", binaryHeader(0x11, 0x11, ipv4Body), edge.ErrHeader},
	{"binary-version-3", binaryHeader(0x31, 0x11, ipv4Body), edge.ErrHeader},
	{"binary-command", binaryHeader(0x22, 0x11, ipv4Body), edge.ErrHeader},
	{"binary-family", binaryHeader(0x21, 0x41, ipv4Body), edge.ErrHeader},
	{"binary-transport", binaryHeader(0x21, 0x13, ipv4Body), edge.ErrHeader},
	{"binary-transport-unspec", binaryHeader(0x21, 0x10, ipv4Body), edge.ErrHeader},
	{"binary-short-ipv4", binaryHeader(0x21, 0x11, ipv4Body[1:]), edge.ErrHeader},
	{"binary-short-ipv6", binaryHeader(0x21, 0x21, ipv4Body), edge.ErrHeader},
	{"binary-short-unix", binaryHeader(0x21, 0x31, "/run/a"), edge.ErrHeader},
	{"binary-too-long", binaryHeader(0x21, 0x11, ipv4Body+strings.Repeat("t", 4096-11)), edge.ErrHeader},
	{"binary-announces-too-much", binaryHeader(0x21, 0x11, strings.Repeat("t", 65535))[:16], edge.ErrHeader},
	{"binary-local-too-long", binaryHeader(0x20, 0x00, strings.Repeat("t", 4097))[:16], edge.ErrHeader},
}

func TestParseProxyHeaderRefuses(t *testing.T) {
	for _, tt := range badHeaders {
		t.Run(tt.name, func(t *testing.T) {
			src, local, n, err := edge.ParseProxyHeader([]byte(tt.in))
			if !errors.Is(err, tt.want) || n != 0 || headerOf(src, local) != (header{}) {
				t.Errorf("ParseProxyHeader(%q) = %v, %v, %d, %v; want %v", tt.in, src, local, n, err, tt.want)
			}
		})
	}
}

// chunks reads what each of them holds at a time, then err.
type chunks struct {
	left []string
	err  error
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, c.err
	}
	n := copy(p, c.left[0])
	if c.left[0] = c.left[0][n:]; c.left[0] == "" {
		c.left = c.left[1:]
	}
	return n, nil
}

func TestReadProxyHeader(t *testing.T) {
	const after = "GET / HTTP/1.1\r\n"
	for _, tt := range goodHeaders {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.in + after), iotest.OneByteReader(strings.NewReader(tt.in + after)),
				iotest.HalfReader(strings.NewReader(tt.in + after)), iotest.DataErrReader(strings.NewReader(tt.in)),
				&chunks{left: []string{tt.in[:3], "", "", tt.in[3:] + "G", "ET"}, err: io.EOF},
			} {
				src, local, rest, err := edge.ReadProxyHeader(r, nil)
				left, _ := io.ReadAll(r)
				if diff := cmp.Diff(tt.want, headerOf(src, local)); diff != "" || err != nil {
					t.Fatalf("ReadProxyHeader from %T: %v (-want +got):\n%s", r, err, diff)
				}
				if follows := string(rest) + string(left); follows != after && follows != "" && follows != "GET" {
					t.Errorf("from %T: %q and %q follow", r, rest, left)
				}
			}
		})
	}
}

func TestReadProxyHeaderFails(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		r    io.Reader
		want error
		rest string
	}{
		{"nothing", strings.NewReader(""), io.EOF, ""},
		{"end-inside", strings.NewReader("PROXY TCP4"), io.ErrUnexpectedEOF, "PROXY TCP4"},
		{"end-inside-binary", strings.NewReader(binaryHeader(0x21, 0x11, ipv4Body)[:20]), io.ErrUnexpectedEOF, binaryHeader(0x21, 0x11, ipv4Body)[:20]},
		{"broken", &chunks{left: []string{"PRO"}, err: broken}, broken, "PRO"},
		{"broken-at-once", &chunks{err: broken}, broken, ""},
		{"no-progress", &chunks{left: []string{"PRO"}}, io.ErrNoProgress, "PRO"},
		{"no-header", strings.NewReader("GET / HTTP/1.1\r\n"), edge.ErrNoHeader, "GET / HTTP/1.1\r\n"},
		{"malformed", strings.NewReader("PROXY TCP5\r\nGET"), edge.ErrHeader, "PROXY TCP5\r\nGET"},
		{"endless", io.MultiReader(strings.NewReader("PROXY UNKNOWN "), iotest.OneByteReader(&endless{})), edge.ErrHeader, "PROXY UNKNOWN " + strings.Repeat("f", 107-14)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, local, rest, err := edge.ReadProxyHeader(tt.r, nil)
			if !errors.Is(err, tt.want) || src.IsValid() || local {
				t.Errorf("ReadProxyHeader = %v, %v, %v; want %v", src, local, err, tt.want)
			}
			if diff := cmp.Diff(tt.rest, string(rest)); diff != "" {
				t.Errorf("rest (-want +got):\n%s", diff)
			}
		})
	}
}

// endless never ends.
type endless struct{}

func (*endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("f"), len(p))), nil }

// A client that doesn't send the header is found out at its first wrong byte, while it waits for an answer.
func TestReadProxyHeaderDoesNotWait(t *testing.T) {
	ours, peer := net.Pipe()
	defer ours.Close()
	defer peer.Close()
	go peer.Write([]byte("PROXX"))
	if _, _, rest, err := edge.ReadProxyHeader(ours, nil); !errors.Is(err, edge.ErrNoHeader) || string(rest) != "PROXX" {
		t.Errorf("ReadProxyHeader = %q, %v", rest, err)
	}
}

// The caller's room is used where it suffices, and then nothing is allocated.
func TestReadProxyHeaderAllocs(t *testing.T) {
	buf := make([]byte, edge.MaxProxyHeader)
	in := strings.NewReader("")
	for _, tt := range []struct {
		name, in string
		want     float64
	}{
		{"binary", binaryHeader(0x21, 0x21, ipv6Body) + "G", 0},
		{"text", "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nG", 1},
	} {
		got := testing.AllocsPerRun(100, func() {
			in.Reset(tt.in)
			if _, _, rest, err := edge.ReadProxyHeader(in, buf); err != nil || &rest[0] != &buf[len(tt.in)-1] {
				t.Errorf("rest %q, %v", rest, err)
			}
		})
		if got > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever comes: bounded, the same byte by byte as at once, and what is good writes back to a header
// that says the same.
func FuzzProxyHeader(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		src, local, n, err := edge.ParseProxyHeader(b)
		if n < 0 || n > min(len(b), edge.MaxProxyHeader) || (n == 0) == (err == nil) || errors.Is(err, edge.ErrShort) && len(b) >= edge.MaxProxyHeader {
			t.Fatalf("ParseProxyHeader(%q) = %d, %v", b, n, err)
		}
		for i := range n {
			if _, _, _, err := edge.ParseProxyHeader(b[:i]); err != edge.ErrShort {
				t.Fatalf("ParseProxyHeader(%q): %v, though %q is good", b[:i], err, b[:n])
			}
		}
		src2, local2, rest, err2 := edge.ReadProxyHeader(iotest.OneByteReader(bytes.NewReader(b)), nil)
		if err == nil && (src2 != src || local2 != local || len(rest) != 0 || err2 != nil) {
			t.Fatalf("%q at once %v, %v; byte by byte %v, %v, %q, %v", b, src, local, src2, local2, rest, err2)
		}
		if err != nil && err2 == nil {
			t.Fatalf("%q at once %v; byte by byte %v", b, err, src2)
		}
		if src.IsValid() {
			again := "PROXY TCP4 " + src.Addr().String() + " 192.0.2.2 "
			if src.Addr().Is6() {
				again = "PROXY TCP6 " + src.Addr().String() + " ::1 "
			}
			_, port, _ := net.SplitHostPort(src.String())
			if src2, _, _, err := edge.ParseProxyHeader([]byte(again + port + " 1\r\n")); src2 != src || err != nil {
				t.Fatalf("%v became %v, %v", src, src2, err)
			}
		}
	})
}
