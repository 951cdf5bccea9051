package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"time"
)

// Listen opens the listener of a server that needs no other kind.
func (o *Options) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", o.Addr)
	if err != nil || !o.TLS {
		return l, err
	}
	cfg, err := TLSConfig()
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, cfg), nil
}

// ServeHTTP serves h.
func (o *Options) ServeHTTP(h http.HandlerFunc) error {
	l, err := o.Listen()
	if err != nil {
		return err
	}
	return http.Serve(l, h)
}

// Accept calls f for each connection, on a goroutine of its own, and closes it
// afterwards.
func (o *Options) Accept(f func(net.Conn)) error {
	l, err := o.Listen()
	if err != nil {
		return err
	}
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer nc.Close()
			f(nc)
		}()
	}
}

// TLSConfig is the same for all servers: TLS 1.2 and 1.3 as the standard library
// has them.
func TLSConfig() (*tls.Config, error) {
	cert, key, err := Certificate()
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

// Certificate makes a certificate for 127.0.0.1 and its key, on the curve P-256, both
// in PEM.
func Certificate() (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), nil
}
