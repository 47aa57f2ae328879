package server

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// end writes the one log line of a request and counts it. It runs on a panic, too.
func (s *Server) end(x *exchange, r *http.Request) {
	d := time.Since(x.start)
	s.metrics.InFlight(-1)
	status := x.status
	if status == 0 {
		status = http.StatusOK // what net/http sends for a handler that sent nothing
	}
	s.metrics.Request(x.route, r.Method, status, d)
	x.span.EndRequest(tracing.Answer{Method: methodName(r.Method), Route: x.route, Status: status, Code: x.code(), RequestID: x.id})
	attrs := []slog.Attr{
		slog.String("method", methodName(r.Method)), slog.String("route", x.route), slog.Int("status", status),
		slog.Float64("duration_ms", float64(d.Microseconds())/1000), slog.Int64("bytes", x.bytes),
	}
	if x.failure != nil {
		attrs = append(attrs, slog.String("code", x.failure.Code), slog.String("kind", x.failure.Kind.Error()))
	}
	if x.cause != "" {
		attrs = append(attrs, slog.String("error", x.cause))
	}
	if x.stack != "" {
		attrs = append(attrs, slog.String("stack", x.stack))
	}
	// The context may have ended; the line carries the request id all the same.
	s.log.LogAttrs(context.WithoutCancel(r.Context()), level(x), "request", attrs...)
}

// code is that of the problem document that was sent, or "".
func (x *exchange) code() string {
	if x.failure == nil {
		return ""
	}
	return x.failure.Code
}

// level classes a line by what an operator has to do about it.
func level(x *exchange) slog.Level {
	if x.failure == nil {
		if x.route == livez || x.route == readyz {
			return slog.LevelDebug
		}
		return slog.LevelInfo
	}
	switch x.failure.Kind {
	case acsauth.Internal, acsauth.Rejected:
		return slog.LevelError
	case acsauth.Unavailable, acsauth.Timeout, acsauth.Throttled:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// methodName keeps invented methods out of the log.
func methodName(m string) string {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions,
		http.MethodPut, http.MethodPatch, http.MethodTrace, http.MethodConnect}
	if slices.Contains(known, m) {
		return m
	}
	return "other"
}
