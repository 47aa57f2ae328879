package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// record returns a context in which spans are made, and what gives those that ended.
func record(t *testing.T, o ...sdktrace.TracerProviderOption) (context.Context, func() tracetest.SpanStubs) {
	t.Helper()
	r := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(append(o, sdktrace.WithSyncer(r))...)
	t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return With(t.Context(), p), r.GetSpans
}

func attributes(s tracetest.SpanStub) map[string]string {
	m := map[string]string{}
	for _, a := range s.Attributes {
		m[string(a.Key)] = a.Value.String()
	}
	return m
}

const parentHeader = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// TestRequest: a request, what it does inside, and the call that it makes are one trace, which the caller began.
func TestRequest(t *testing.T) {
	var seen http.Header
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		w.Header().Set("MS-CV", "abc.0")
		w.Header().Set("x-ms-request-id", "not an id, but a text with spaces")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer upstream.Close()
	ctx, spans := record(t)
	h := http.Header{"Traceparent": {parentHeader}, "Tracestate": {"rogue=alice@example.com"}, "Baggage": {"user=alice"}}
	ctx, request := StartRequest(ctx, h)
	inner, work := Start(ctx, "broker.IssueToken")
	Event(inner, "identity_created", "a-1")
	var observed []string
	client := http.Client{Transport: Transport(http.DefaultTransport, func(*http.Request) string { return "acs.issue" },
		func(op string, status int, took time.Duration) {
			observed = append(observed, fmt.Sprint(op, " ", status, " ", took > 0))
		})}
	req, _ := http.NewRequestWithContext(inner, "POST", upstream.URL, strings.NewReader("{}"))
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if req.Header.Get(traceparent) != "" {
		t.Error("the caller's request was changed")
	}
	work.End(&acsauth.Error{Kind: acsauth.Throttled, Code: "acs_throttled"})
	request.EndRequest(Answer{Method: "POST", Route: "/getToken", Status: 429, Code: "acs_throttled", RequestID: "r-1"})
	list := spans()
	if len(list) != 3 || list[0].Name != "acs.issue" || list[1].Name != "broker.IssueToken" || list[2].Name != "POST /getToken" {
		t.Fatalf("%+v", list)
	}
	for n, s := range list {
		if got := s.SpanContext.TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" || s.SpanContext.TraceState().Len() != 0 {
			t.Errorf("span %d: trace %s, state %q", n, got, s.SpanContext.TraceState())
		}
	}
	if list[2].Parent.SpanID().String() != "b7ad6b7169203331" || list[1].Parent.SpanID() != list[2].SpanContext.SpanID() || list[0].Parent.SpanID() != list[1].SpanContext.SpanID() {
		t.Error("the spans do not hang together")
	}
	if want := fmt.Sprintf("00-0af7651916cd43dd8448eb211c80319c-%s-01", list[0].SpanContext.SpanID()); seen.Get(traceparent) != want || seen.Get("tracestate") != "" || seen.Get("baggage") != "" {
		t.Errorf("the call carries %v, want %s alone", seen, want)
	}
	if !slices.Equal(observed, []string{"acs.issue 429 true"}) {
		t.Error(observed)
	}
	call, decided, whole := attributes(list[0]), attributes(list[1]), attributes(list[2])
	if call["http.response.status_code"] != "429" || call["http.response.header.ms-cv"] != "abc.0" || len(call) != 2 || list[0].Status.Code != codes.Error {
		t.Errorf("%v %v", call, list[0].Status)
	}
	if decided["error.type"] != "acs_throttled" || list[1].Status.Code == codes.Error || list[1].Events[0].Name != "identity_created" {
		t.Errorf("%v %+v", decided, list[1])
	}
	if whole["http.route"] != "/getToken" || whole["acsauth.request_id"] != "r-1" || whole["error.type"] != "acs_throttled" || list[2].Status.Code == codes.Error {
		t.Errorf("%v", whole)
	}
}

// TestWithoutProvider: without a provider, and outside of any request, nothing is made and nothing breaks.
func TestWithoutProvider(t *testing.T) {
	ctx, s := StartRequest(t.Context(), http.Header{})
	s.EndRequest(Answer{})
	_, s = Start(ctx, "x")
	s.Set("a", "b")
	s.End(errors.New("x"))
	Event(ctx, "x", "")
	h := http.Header{}
	_, s = StartCall(ctx, "x", h)
	s.EndCall(nil)
	_, s = StartWork(ctx, "x")
	s.End(nil)
	if trace, span := IDs(ctx); len(h) != 0 || trace != "" || span != "" {
		t.Error(h, trace, span)
	}
	on, spans := record(t)
	_, s = Start(on, "store.ping") // a probe of the platform
	s.End(nil)
	if n := len(spans()); n != 0 {
		t.Errorf("%d spans outside of any work", n)
	}
	_, s = StartWork(on, "broker.Sweep")
	s.End(context.DeadlineExceeded)
	if list := spans(); len(list) != 1 || list[0].Status.Code != codes.Error {
		t.Errorf("%+v", list)
	}
}

// TestSampledOut: what the sampler leaves out stays out all the way down, but the log still knows the trace.
func TestSampledOut(t *testing.T) {
	ctx, spans := record(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	ctx, request := StartRequest(ctx, http.Header{"Traceparent": {parentHeader}})
	inner, s := Start(ctx, "x")
	s.End(nil)
	request.EndRequest(Answer{Method: "GET", Route: "/getUser", Status: 200})
	if trace, _ := IDs(inner); trace != "0af7651916cd43dd8448eb211c80319c" || len(spans()) != 0 {
		t.Errorf("%s, %d spans", trace, len(spans()))
	}
}

// TestEnd: which errors make a span one of an error.
func TestEnd(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kind string
		bad  bool
	}{
		"none":     {nil, "", false},
		"refusal":  {&acsauth.Error{Kind: acsauth.Forbidden, Code: "guest_not_allowed"}, "guest_not_allowed", false},
		"upstream": {fmt.Errorf("x: %w", &acsauth.Error{Kind: acsauth.Unavailable, Code: "store_unavailable"}), "store_unavailable", true},
		"unknown":  {errors.New("password=hunter2"), "internal", true},
		"left":     {context.Canceled, "internal", false},
	} {
		ctx, spans := record(t)
		_, s := StartWork(ctx, "x")
		s.End(c.err)
		got := spans()[0]
		if attributes(got)["error.type"] != c.kind || (got.Status.Code == codes.Error) != c.bad || strings.Contains(fmt.Sprintf("%+v", got), "hunter2") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
