package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godwit-ws/godwit/conn"
	"github.com/godwit-ws/godwit/frame"
	"github.com/google/go-cmp/cmp"
)

// large lets a client take what a suite sends.
func large() *conn.Dialer {
	return &conn.Dialer{Config: conn.Config{MaxMessageSize: defaultMaxMessage}}
}

// TestEcho sends messages of all kinds of sizes on several paths, and checks that
// nothing is printed but the URL.
func TestEcho(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	for _, path := range []string{"", "chat", "a/b/c?d=e"} {
		c := dialTest(t, large(), s.url+path)
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			p := bytes.Repeat([]byte{'x'}, n)
			if got := exchange(t, c, conn.Text, p); !bytes.Equal(got, p) {
				t.Errorf("%q: %d bytes of text came back as %d others", path, n, len(got))
			}
			if got := exchange(t, c, conn.Binary, p); !bytes.Equal(got, p) {
				t.Errorf("%q: %d bytes came back as %d others", path, n, len(got))
			}
		}
		if err := c.Close(t.Context(), frame.CodeNormal, ""); err != nil {
			t.Errorf("%q: close: %v", path, err)
		}
	}
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit status %d", code)
	}
	if want := "echo: " + s.url + "\n"; s.out.String() != want || s.err.String() != "" {
		t.Errorf("printed %q and %q, want %q and nothing", s.out, s.err, want)
	}
}

// TestEchoSuiteSizes sends what the official suite sends at most, plain and
// compressed.
func TestEchoSuiteSizes(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--compress")
	for _, compress := range []bool{false, true} {
		d := large()
		d.Config.Compression.Enabled = compress
		c := dialTest(t, d, s.url)
		if c.Compressed() != compress {
			t.Errorf("compressed %v, want %v", c.Compressed(), compress)
		}
		p := bytes.Repeat([]byte("sixteen bytes ok"), 1<<20)
		if got := exchange(t, c, conn.Binary, p); !bytes.Equal(got, p) {
			t.Errorf("16 MiB came back as %d other bytes", len(got))
		}
	}
}

// TestEchoFlood sends many messages before it reads: all come back in order.
func TestEchoFlood(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	c := dialTest(t, large(), s.url)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const count = 5000
	go func() {
		for i := range count {
			c.Write(ctx, conn.Binary, []byte{byte(i), byte(i >> 8)})
		}
	}()
	for i := range count {
		_, p, err := c.Read(ctx)
		if want := []byte{byte(i), byte(i >> 8)}; err != nil || !bytes.Equal(p, want) {
			t.Fatalf("message %d: % x, %v; want % x", i, p, err, want)
		}
	}
}

func TestEchoMaxMessage(t *testing.T) {
	for _, tt := range []struct {
		value string
		bytes int
		want  string // how the connection ends; "" if the message comes back
	}{
		{"1000", 1000, ""},
		{"1000", 1001, "websocket closed by peer: 1009 message too big"},
		{"0", 3 << 20, ""},
		{"-1", 3 << 20, ""},
	} {
		s := start(t, "echo", "--addr", "127.0.0.1:0", "--max-message", tt.value)
		c := dialTest(t, large(), s.url)
		p := make([]byte, tt.bytes)
		if tt.want == "" {
			exchange(t, c, conn.Binary, p)
			continue
		}
		c.Write(t.Context(), conn.Binary, p) // how it ends is what counts
		_, _, err := c.Read(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("--max-message %s: after %d bytes %v, want %s", tt.value, tt.bytes, err, tt.want)
		}
	}
}

// TestEchoCompress offers compression to servers with and without it.
func TestEchoCompress(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{[]string{"echo", "--addr", "127.0.0.1:0"}, false},
		{[]string{"echo", "--addr", "127.0.0.1:0", "--compress"}, true},
	} {
		d := large()
		d.Config.Compression.Enabled = true
		c := dialTest(t, d, start(t, tt.args...).url)
		if c.Compressed() != tt.want {
			t.Errorf("godwit %q: compressed %v, want %v", tt.args, c.Compressed(), tt.want)
		}
		p := bytes.Repeat([]byte("again and "), 1000)
		if got := exchange(t, c, conn.Text, p); !bytes.Equal(got, p) {
			t.Errorf("godwit %q: the message changed", tt.args)
		}
	}
}

func TestEchoOrigin(t *testing.T) {
	for _, tt := range []struct {
		flag, origin string
		want         int // status; 0 if it is accepted
	}{
		{"same", "", 0},
		{"same", "https://example.com", http.StatusForbidden},
		{"any", "https://example.com", 0},
		{"https://*.example.com,localhost:*", "https://www.example.com", 0},
		{"https://*.example.com,localhost:*", "http://localhost:3000", 0},
		{"https://*.example.com,localhost:*", "https://example.org", http.StatusForbidden},
	} {
		s := start(t, "echo", "--addr", "127.0.0.1:0", "--origin", tt.flag)
		d := large()
		if tt.origin != "" {
			d.Header = http.Header{"Origin": {tt.origin}}
		}
		c, err := d.Dial(t.Context(), s.url)
		got := 0
		if e, ok := errors.AsType[*conn.DialError](err); ok {
			got = e.Status
		} else if err != nil {
			t.Error(err)
		} else {
			c.Abort()
		}
		if got != tt.want {
			t.Errorf("--origin %s: %q got status %d, want %d", tt.flag, tt.origin, got, tt.want)
		}
	}
}

// TestEchoTLS serves wss with a certificate made for the occasion.
func TestEchoTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.url, "wss://") {
		t.Fatalf("the URL is %s", s.url)
	}
	d := large()
	d.TLS = &tls.Config{RootCAs: roots}
	c := dialTest(t, d, s.url)
	if got := exchange(t, c, conn.Text, []byte("secret")); string(got) != "secret" {
		t.Errorf("%q came back", got)
	}
	s.cancel()
	wantClosed(t, c, goingDown)
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit status %d", code)
	}
}

func TestEchoNoCertificate(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	got := invoke(t, "", "echo", "--tls-cert", missing, "--tls-key", missing)
	if got.code != exitFailure || !strings.Contains(got.err, "missing.pem") {
		t.Errorf("%+v", got)
	}
}

// certificate writes a certificate for 127.0.0.1 and its key to files, and
// returns their names and a pool with the certificate.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = pemFile(t, "CERTIFICATE", der)
	key = pemFile(t, "PRIVATE KEY", keyDER)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return cert, key, roots
}

func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEchoEngines echoes on each engine, and ends as on each other: with 1001.
func TestEchoEngines(t *testing.T) {
	for _, engine := range []string{"blocking", "loop", "pooled"} {
		t.Run(engine, func(t *testing.T) {
			s := start(t, "echo", "--addr", "127.0.0.1:0", "--engine", engine, "--loops", "2")
			c := dialTest(t, large(), s.url)
			if got := exchange(t, c, conn.Text, []byte("hello")); string(got) != "hello" {
				t.Errorf("%q came back", got)
			}
			ctx := c.DiscardReads()
			if code := s.stop(t); code != exitOK {
				t.Errorf("exit status %d", code)
			}
			<-ctx.Done()
			if e, ok := errors.AsType[*conn.CloseError](c.Err()); !ok || e.Code != conn.CodeGoingAway {
				t.Errorf("the connection's end: %v", c.Err())
			}
		})
	}
}

// TestEchoNoWebSocket sends an ordinary request, and half of one at the end: the
// first is answered, the other doesn't hold up the exit.
func TestEchoNoWebSocket(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0")
	addr := strings.Trim(strings.TrimPrefix(s.url, "ws:"), "/")
	resp, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d", resp.StatusCode)
	}
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET / HTTP/1.1\r\n")
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit status %d", code)
	}
}

// TestEchoPprof asks for profiles and variables, and checks that only the URL is
// on standard output.
func TestEchoPprof(t *testing.T) {
	s := start(t, "echo", "--addr", "127.0.0.1:0", "--pprof", "127.0.0.1:0")
	line := s.err.await(t, "profiles and variables: http://")
	base, _, _ := strings.Cut(strings.TrimPrefix(line, "profiles and variables: "), "/debug")
	for path, want := range map[string]string{
		"/debug/vars":                    `"memstats"`,
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile:",
		"/debug/pprof/cmdline":           os.Args[0],
		"/debug/pprof/symbol":            "num_symbols",
	} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: status %d, %v, without %s", path, resp.StatusCode, err, want)
		}
	}
	if diff := cmp.Diff("echo: "+s.url+"\n", s.out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	s.stop(t)
	if _, err := http.Get(base + "/debug/vars"); err == nil {
		t.Error("profiles are served after the end")
	}
}
