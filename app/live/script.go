package live

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"time"
)

//go:embed godwit.js
var script []byte

// Source returns the text of godwit.js, for pages that have it inside them.
func Source() string { return string(script) }

// Script serves godwit.js, a JavaScript module without dependencies that speaks the
// protocol in browsers: for app.Config.HTTP, at /godwit.js say. Browsers keep it until
// it changes.
func Script() http.Handler {
	sum := sha256.Sum256(script)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "no-cache") // ask whether it has changed
		h.Set("ETag", tag)
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "godwit.js", time.Time{}, bytes.NewReader(script))
	})
}
