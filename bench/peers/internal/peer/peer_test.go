package peer_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"

	"github.com/godwit-ws/godwit/bench/peers/internal/peer"
)

func TestCrowd(t *testing.T) {
	var c peer.Crowd[string]
	c.Leave("nobody")
	count := func() (n int) {
		c.Each(func(string) { n++ })
		return n
	}
	if got := count(); got != 0 {
		t.Errorf("%d in an empty crowd", got)
	}
	c.Join("a")
	c.Join("b")
	c.Join("b")
	if got := count(); got != 2 {
		t.Errorf("%d, want 2", got)
	}
	c.Leave("a")
	if got := count(); got != 1 {
		t.Errorf("%d, want 1", got)
	}
}

// TestTLSConfig shakes hands with a client that trusts the certificate.
func TestTLSConfig(t *testing.T) {
	cfg, err := peer.TLSConfig()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(cfg.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	served := make(chan error, 1)
	go func() { served <- tls.Server(theirs, cfg).HandshakeContext(t.Context()) }()
	if err := tls.Client(ours, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}).HandshakeContext(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
