package app

import (
	"encoding/json"
	"net/http"
)

// Healthz answers whether the server takes connections, for load balancers: 200
// while it does, 503 from Shutdown on. The body is JSON:
//
//	{"status":"ok","conns":12}
//
// It is an http.HandlerFunc to be put wherever one likes, usually at /healthz of
// Config.HTTP. Since Shutdown closes the server's own listeners at once, it answers
// after that only on connections that are open already, and where the server is
// mounted in another.
func (s *Server) Healthz(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		return
	}
	health := struct {
		Status string `json:"status"`
		Conns  int    `json:"conns"`
	}{"ok", s.conns.len()}
	status := http.StatusOK
	if s.isStopped() {
		health.Status, status = "shutting down", http.StatusServiceUnavailable
		h.Set("Connection", "close")
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(health) // an error means that nobody listens any more
}
