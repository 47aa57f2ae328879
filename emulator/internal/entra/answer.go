package entra

import (
	"encoding/json"
	"net/http"
	"strings"
)

// setCommonHeaders sets what Entra ID sends with every answer. Strict-Transport-Security is left out on purpose:
// a browser would apply it to every port of localhost.
func setCommonHeaders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Ms-Request-Id", newGUID())
	h.Set("X-Ms-Ests-Server", "acsauth-emulator")
	if id := r.Header.Get("Client-Request-Id"); guidPattern.MatchString(id) {
		h.Set("Client-Request-Id", id)
	}
}

// answerCORS opens an endpoint to browsers of any origin, errors included. It answers preflights.
func answerCORS(w http.ResponseWriter, r *http.Request, methods string) bool {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", strings.ReplaceAll(methods, " ", ", ")+", OPTIONS")
	if r.Method != http.MethodOptions {
		return false
	}
	if want := r.Header.Get("Access-Control-Request-Headers"); want != "" {
		h.Set("Access-Control-Allow-Headers", want)
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusOK)
	return true
}

// noStore forbids caching, in Entra's words.
func noStore(h http.Header) {
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
}

// writeJSON writes an answer.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// writeError writes an error as JSON.
func (s *Service) writeError(w http.ResponseWriter, r *http.Request, e *Error) {
	s.counts.add("refused")
	s.log.InfoContext(r.Context(), "entra refused a request", "aadsts", e.Code, "error", e.OAuth)
	noStore(w.Header())
	w.Header().Set("X-Ms-Clitelem", "1,0,0,,")
	if _, _, basic := r.BasicAuth(); basic && e.status() == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="acsauth emulator"`)
	}
	if e.status() == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1") // MSAL.js would wait for a minute
	}
	writeJSON(w, e.status(), s.body(r, e))
}
