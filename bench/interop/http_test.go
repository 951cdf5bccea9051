package interop_test

import (
	"context"
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
		h.TLS = o.cert.serverTLS()
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
