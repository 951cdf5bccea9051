package interop_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificate is a server's certificate for 127.0.0.1, its own authority.
type certificate struct {
	pair     tls.Certificate
	pool     *x509.CertPool
	certFile string // in PEM
	keyFile  string // in PEM
}

func newCertificate(t *testing.T) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pack(t, pemOf("CERTIFICATE", der), pemOf("PRIVATE KEY", keyDER))
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// pack makes all forms of a certificate that peers want.
func pack(t *testing.T, cert, key []byte) *certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	dir := t.TempDir()
	c := &certificate{pair: pair, pool: pool, certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem")}
	for path, content := range map[string][]byte{c.certFile: cert, c.keyFile: key} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// serverTLS is the configuration of a server that has c.
func (c *certificate) serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.pair}}
}

// clientTLS is the configuration of a client that trusts c. It is nil for nil.
func (c *certificate) clientTLS() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{RootCAs: c.pool}
}
