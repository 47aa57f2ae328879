package server

import (
	"crypto/rand"
	"maps"
	"net/http"
	"regexp"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// The paths that the platform probes.
const (
	livez  = "/livez"
	readyz = "/readyz"
)

// unmatched stands for the route of a request that has none, in logs and metrics.
const unmatched = "unmatched"

// statusGone stands in logs and metrics for a client that left before its answer.
const statusGone = 499

// An exchange is one request and its answer, with what the log line will say.
type exchange struct {
	http.ResponseWriter
	start   time.Time
	id      string         // request id
	route   string         // pattern, never the raw path
	status  int            // 0 until the header is sent
	bytes   int64          // of the body
	oauth   bool           // errors are told as RFC 6749 wants it
	failure *acsauth.Error // nil if all went well
	cause   string         // of a failure on our side
	stack   string         // of a panic
	span    tracing.Span
}

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		x.ResponseWriter.WriteHeader(status)
	}
}

func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID returns the id that the client gave, if it may stand in a log, or a new one.
func requestID(h http.Header) string {
	if v := h.Values("X-Request-Id"); len(v) == 1 && requestIDForm.MatchString(v[0]) {
		return v[0]
	}
	return rand.Text()
}

// alwaysHeader is what the header of every answer has.
func alwaysHeader(secure bool) http.Header {
	h := make(http.Header)
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

// begin starts an exchange and sets the header fields of every answer.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) (*exchange, *http.Request) {
	s.metrics.InFlight(1)
	x := &exchange{ResponseWriter: w, start: time.Now(), id: requestID(r.Header), route: unmatched}
	h := w.Header()
	h.Set("X-Request-Id", x.id)
	maps.Copy(h, s.always) // the lists are shared, and nobody changes one in place
	if s.stopping.Load() {
		h.Set("Connection", "close")
	}
	ctx := telemetry.WithRequestID(r.Context(), x.id)
	if r.URL.Path != livez && r.URL.Path != readyz { // probes say nothing, and say it often
		ctx, x.span = tracing.StartRequest(ctx, r.Header)
	}
	return x, r.WithContext(ctx)
}
