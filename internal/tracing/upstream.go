package tracing

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// answerIDs are the header fields under which ACS, Microsoft Graph and Microsoft Entra ID name a call in their own logs.
var answerIDs = [...]string{"Ms-Cv", "X-Ms-Client-Request-Id", "X-Azure-Ref", "Request-Id", "Client-Request-Id", "X-Ms-Request-Id"}

// idForm is what such an id may look like; anything else is not written down.
var idForm = regexp.MustCompile(`^[A-Za-z0-9._:+/=|-]{1,128}$`)

// An Observe is told of each try of a call. Status 0 stands for no answer.
type Observe func(operation string, status int, took time.Duration)

// StartCall begins the span of one try of a call to an upstream service, and names our trace in its header.
// The operation is from a closed set. The header is changed.
func StartCall(ctx context.Context, operation string, h http.Header) (context.Context, Span) {
	ctx, s := start(ctx, operation, trace.SpanKindClient)
	if s.span != nil {
		c := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(ctx, c)
		h.Set(traceparent, c[traceparent])
	}
	return ctx, s
}

// EndCall ends the span of a call. A nil answer stands for none.
func (s Span) EndCall(res *http.Response) {
	if s.span == nil {
		return
	}
	defer s.span.End()
	if res == nil {
		s.span.SetStatus(codes.Error, "no answer")
		return
	}
	s.span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	for _, name := range answerIDs {
		if v := res.Header.Get(name); idForm.MatchString(v) {
			s.span.SetAttributes(attribute.String("http.response.header."+strings.ToLower(name), v))
		}
	}
	if res.StatusCode >= http.StatusBadRequest {
		s.span.SetStatus(codes.Error, "")
	}
}

// A transport makes a span of each round trip.
type transport struct {
	next    http.RoundTripper
	name    func(*http.Request) string
	observe Observe
}

// Transport returns next with a span around each call, which is named by name, from a closed set.
func Transport(next http.RoundTripper, name func(*http.Request) string, observe Observe) http.RoundTripper {
	return transport{next, name, observe}
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	operation, began := t.name(req), time.Now()
	req = req.Clone(req.Context()) // a RoundTripper must not change the request
	ctx, s := StartCall(req.Context(), operation, req.Header)
	res, err := t.next.RoundTrip(req.WithContext(ctx))
	s.EndCall(res)
	t.observe(operation, StatusOf(res), time.Since(began))
	return res, err
}

// StatusOf is the status of an answer, or 0 for none.
func StatusOf(res *http.Response) int {
	if res == nil {
		return 0
	}
	return res.StatusCode
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (t transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
