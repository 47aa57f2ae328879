package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	corsHeaders = "Authorization, Content-Type, teams-user-aad-token, traceparent, tracestate, X-Request-Id"
	corsExpose  = "WWW-Authenticate, Retry-After, X-Request-Id"
	corsMaxAge  = "600" // seconds
)

// cors is the exact list of origins that may read answers. Cookies play no
// part here, so credentials are never allowed.
type cors struct {
	any     bool
	origins []string
	refused refusals
}

func newCORS(origins []string) (cors, error) {
	if slices.Equal(origins, []string{"*"}) {
		return cors{any: true}, nil
	}
	for _, o := range origins {
		if !isOrigin(o) {
			return cors{}, fmt.Errorf("allowed origin %q is not of the form https://host[:port]", o)
		}
	}
	return cors{origins: slices.Clone(origins)}, nil
}

// isOrigin reports whether s is written as a browser writes an origin (RFC 6454 section 6.2).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 256 && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && s == u.Scheme+"://"+u.Host
}

func (c *cors) off() bool { return !c.any && len(c.origins) == 0 }

// allows returns the value of Access-Control-Allow-Origin for a request, or "".
func (c *cors) allows(h http.Header) string {
	origin := h.Values("Origin")
	switch {
	case len(origin) != 1 || origin[0] == "" || origin[0] == "null":
		return ""
	case c.any:
		return "*"
	case slices.Contains(c.origins, origin[0]):
		return origin[0]
	}
	return ""
}

// allowOrigin lets a browser read the answer if its page has an allowed origin.
// Any other page gets the answer without that leave.
func (s *Server) allowOrigin(x *exchange, r *http.Request) {
	if s.cors.off() {
		s.noteRefusal(r)
		return
	}
	h := x.Header()
	h.Add("Vary", "Origin")
	origin := s.cors.allows(r.Header)
	if origin == "" {
		s.noteRefusal(r)
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsExpose)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers the question that a browser asks before a request, and
// reports whether it was one from an allowed origin.
func (s *Server) preflight(x *exchange, r *http.Request, rt route) bool {
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" || s.cors.allows(r.Header) == "" {
		return false
	}
	h := x.Header()
	h.Set("Access-Control-Allow-Methods", rt.allow())
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	x.WriteHeader(http.StatusNoContent)
	return true
}

// noteRefusal logs an origin that may not read answers. A page of the server's own host needs no leave.
func (s *Server) noteRefusal(r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	if !isOrigin(origin) {
		origin = "malformed"
	} else if u, err := url.Parse(origin); err == nil && strings.EqualFold(u.Host, r.Host) {
		return
	}
	if s.cors.refused.first(origin) {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "origin refused: the browser will not show the answer to this page; ACSAUTH_ALLOWED_ORIGINS lists those that may",
			slog.String("origin", origin))
	}
}

const (
	refusalPause = time.Minute
	maxRefusals  = 64
)

// refusals remember the origins refused within the last minute, up to a number.
type refusals struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// first reports whether origin was not refused within the last minute. While
// too many origins are remembered, no new one is.
func (f *refusals) first(origin string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if t, ok := f.last[origin]; ok && now.Sub(t) < refusalPause {
		return false
	}
	for o, t := range f.last {
		if now.Sub(t) >= refusalPause {
			delete(f.last, o)
		}
	}
	if len(f.last) >= maxRefusals {
		return false
	}
	if f.last == nil {
		f.last = map[string]time.Time{}
	}
	f.last[origin] = now
	return true
}
