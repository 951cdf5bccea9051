package interop_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
)

// startHTTP starts an HTTP server on loopback, until ctx ends, and returns its
// WebSocket URL.
func startHTTP(ctx context.Context, h *httptest.Server, o terms) string {
	if o.cert == nil {
		h.Start()
	} else {
		h.TLS = &tls.Config{Certificates: []tls.Certificate{o.cert.pair}}
		h.StartTLS()
	}
	context.AfterFunc(ctx, h.Close)
	return "ws" + strings.TrimPrefix(h.URL, "http")
}

// extensionsOf returns the extensions of an answer, and "" for nil.
func extensionsOf(resp *http.Response) string {
	if resp == nil {
		return ""
	}
	return resp.Header.Get("Sec-WebSocket-Extensions")
}
