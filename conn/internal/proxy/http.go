package proxy

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// httpConnector asks for a tunnel with CONNECT (RFC 9110 §9.3.6).
func httpConnector(to address, user *url.Userinfo) (connectFunc, error) {
	request, err := appendConnect(nil, to, user)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, conn net.Conn) (net.Conn, error) {
		return tunnel(conn, request)
	}, nil
}

// tlsConnector does the same inside TLS.
func (s server) tlsConnector(to address, config *tls.Config) (connectFunc, error) {
	request, err := appendConnect(nil, to, s.user)
	if err != nil {
		return nil, err
	}
	config = config.Clone() // a nil one gives nil
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = s.host
	}
	config.NextProtos = nil // without ALPN the proxy speaks HTTP/1.1
	return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return tunnel(secure, request)
	}, nil
}

// appendConnect appends the request for a tunnel to the target.
func appendConnect(dst []byte, to address, user *url.Userinfo) ([]byte, error) {
	dst = fmt.Appendf(dst, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", to, to)
	if user != nil {
		name := user.Username()
		password, _ := user.Password()
		if strings.Contains(name, ":") { // RFC 7617 §2: it would move into the password
			return nil, fmt.Errorf("%w: colon in the user name", ErrURL)
		}
		dst = append(dst, "Proxy-Authorization: Basic "...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(name+":"+password))
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...), nil
}

// tunnel sends the request and reads the reply. Any 2xx opens the tunnel; the header says nothing
// about what follows, which is the target's, whatever length it claims (RFC 9110 §9.3.6).
func tunnel(conn net.Conn, request []byte) (net.Conn, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	status, rest, err := readReply(conn)
	if err != nil {
		return nil, err
	}
	if status < 200 || status > 299 {
		return nil, &refusal{strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))}
	}
	return withRest(conn, rest), nil
}
