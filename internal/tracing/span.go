package tracing

import (
	"context"
	"errors"
	"net/http"

	"github.com/acs-solutions/acsauth"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope names the instrumentation.
const scope = "github.com/acs-solutions/acsauth"

type providerKey struct{}

// With returns a context in which spans are made by p.
func With(ctx context.Context, p trace.TracerProvider) context.Context {
	return context.WithValue(ctx, providerKey{}, p)
}

func providerOf(ctx context.Context) trace.TracerProvider {
	p, _ := ctx.Value(providerKey{}).(trace.TracerProvider)
	return p
}

// A Span is a piece of work. The zero Span is none, and its methods do nothing.
type Span struct{ span trace.Span }

// Start begins a piece of work inside that of ctx. Without one, as for a probe, there is no span. The name is a constant.
func Start(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindInternal)
}

func start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	return begin(ctx, parent.TracerProvider(), name, kind)
}

// StartWork begins a piece of work that belongs to no request.
func StartWork(ctx context.Context, name string) (context.Context, Span) {
	p := providerOf(ctx)
	if p == nil {
		return ctx, Span{}
	}
	return begin(ctx, p, name, trace.SpanKindInternal)
}

func begin(ctx context.Context, p trace.TracerProvider, name string, kind trace.SpanKind) (context.Context, Span) {
	ctx, s := p.Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{s}
}

// Set says something about the work. The value is from a closed set or of a checked form.
func (s Span) Set(key, value string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// End ends the work. What is our fault, or that of what we depend on, makes the span one of an error.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		code := "internal"
		if e, ok := errors.AsType[*acsauth.Error](err); ok && e.Code != "" {
			code = e.Code
		}
		s.span.SetAttributes(attribute.String("error.type", code))
		if failed(err) {
			s.span.SetStatus(codes.Error, code)
		}
	}
	s.span.End()
}

// failed tells a fault from a refusal that is as it should be, and from a client that left.
func failed(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	switch acsauth.KindOf(err) {
	case acsauth.Internal, acsauth.Rejected, acsauth.Unavailable, acsauth.Timeout:
		return true
	}
	return false
}

// Event writes down that something happened in the work that ctx belongs to. The name is from a closed set.
func Event(ctx context.Context, name, attempt string) {
	if s := trace.SpanFromContext(ctx); s.IsRecording() {
		s.AddEvent(name, trace.WithAttributes(attribute.String("acsauth.attempt", attempt)))
	}
}

// traceparent is all that is taken over from a request: tracestate and baggage are the caller's own words.
const traceparent = "traceparent"

// StartRequest begins the span of a request that came in, as part of the trace that its header names (W3C Trace Context).
func StartRequest(ctx context.Context, h http.Header) (context.Context, Span) {
	p := providerOf(ctx)
	if p == nil {
		return ctx, Span{}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: h.Get(traceparent)})
	return begin(ctx, p, "request", trace.SpanKindServer)
}

// An Answer is what is said of a request that was answered.
type Answer struct {
	Method, Route string // of closed sets
	Status        int
	Code          string // of the problem document; "" if there is none
	RequestID     string
}

// EndRequest ends the span of a request.
func (s Span) EndRequest(a Answer) {
	if s.span == nil {
		return
	}
	s.span.SetName(a.Method + " " + a.Route)
	s.span.SetAttributes(attribute.String("http.request.method", a.Method), attribute.String("http.route", a.Route),
		attribute.Int("http.response.status_code", a.Status), attribute.String("acsauth.request_id", a.RequestID))
	if a.Code != "" {
		s.span.SetAttributes(attribute.String("error.type", a.Code))
	}
	if a.Status >= http.StatusInternalServerError {
		s.span.SetStatus(codes.Error, a.Code)
	}
	s.span.End()
}

// IDs returns the ids of the trace and the span that ctx belongs to, in hexadecimal, or "".
func IDs(ctx context.Context) (traceID, spanID string) {
	c := trace.SpanContextFromContext(ctx)
	if !c.IsValid() {
		return "", ""
	}
	return c.TraceID().String(), c.SpanID().String()
}
