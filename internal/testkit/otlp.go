package testkit

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A Collector takes what is sent by OTLP, over HTTP and over gRPC, and keeps it.
type Collector struct {
	HTTP, GRPC string // endpoints

	mu      sync.Mutex
	traces  []*tracepb.ExportTraceServiceRequest
	metrics []*metricspb.ExportMetricsServiceRequest
}

// StartCollector listens on loopback until the test ends.
func StartCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		m := new(tracepb.ExportTraceServiceRequest)
		c.receive(w, r, m, func() { c.traces = append(c.traces, m) })
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		m := new(metricspb.ExportMetricsServiceRequest)
		c.receive(w, r, m, func() { c.metrics = append(c.metrics, m) })
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc := grpc.NewServer()
	tracepb.RegisterTraceServiceServer(rpc, traceService{c: c})
	metricspb.RegisterMetricsServiceServer(rpc, metricsService{c: c})
	go func() { _ = rpc.Serve(ln) }()
	t.Cleanup(rpc.Stop)
	c.HTTP, c.GRPC = web.URL, "http://"+ln.Addr().String()
	return c
}

func (c *Collector) receive(w http.ResponseWriter, r *http.Request, m proto.Message, keep func()) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err == nil {
		err = proto.Unmarshal(body, m)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.keep(keep)
}

func (c *Collector) keep(add func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add()
}

// Traces returns what has come so far.
func (c *Collector) Traces() []*tracepb.ExportTraceServiceRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*tracepb.ExportTraceServiceRequest(nil), c.traces...)
}

// Metrics returns what has come so far.
func (c *Collector) Metrics() []*metricspb.ExportMetricsServiceRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*metricspb.ExportMetricsServiceRequest(nil), c.metrics...)
}

// Text is all that has come so far, as JSON.
func (c *Collector) Text() string {
	var b strings.Builder
	for _, m := range c.Traces() {
		b.WriteString(protojson.Format(m))
	}
	for _, m := range c.Metrics() {
		b.WriteString(protojson.Format(m))
	}
	return b.String()
}

type traceService struct {
	tracepb.UnimplementedTraceServiceServer
	c *Collector
}

func (s traceService) Export(_ context.Context, m *tracepb.ExportTraceServiceRequest) (*tracepb.ExportTraceServiceResponse, error) {
	s.c.keep(func() { s.c.traces = append(s.c.traces, m) })
	return &tracepb.ExportTraceServiceResponse{}, nil
}

type metricsService struct {
	metricspb.UnimplementedMetricsServiceServer
	c *Collector
}

func (s metricsService) Export(_ context.Context, m *metricspb.ExportMetricsServiceRequest) (*metricspb.ExportMetricsServiceResponse, error) {
	s.c.keep(func() { s.c.metrics = append(s.c.metrics, m) })
	return &metricspb.ExportMetricsServiceResponse{}, nil
}
