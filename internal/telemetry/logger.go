// Package telemetry makes the logger and the metrics of the server. It knows
// nothing of what the server does: names and labels come from its callers.
package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/acs-solutions/acsauth/internal/tracing"
)

// NewLogger returns a logger that writes lines of JSON, or of text if format is
// "text", from level on. As a safety net it blanks attributes whose key sounds
// like a secret and everything that looks like a JSON web token; see [Redact].
// Lines logged with a context of [WithRequestID] carry request_id, those within a span trace_id and span_id.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: Redact}
	if format == "text" {
		return slog.New(handler{slog.NewTextHandler(w, options)})
	}
	return slog.New(handler{slog.NewJSONHandler(w, options)})
}

type requestIDKey struct{}

// WithRequestID returns a context whose log lines carry the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// A handler adds the ids that the context knows to each line.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	id, ok := ctx.Value(requestIDKey{}).(string)
	trace, span := tracing.IDs(ctx)
	if ok || trace != "" {
		r = r.Clone()
	}
	if ok {
		r.AddAttrs(slog.String("request_id", id))
	}
	if trace != "" {
		r.AddAttrs(slog.String("trace_id", trace), slog.String("span_id", span))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
