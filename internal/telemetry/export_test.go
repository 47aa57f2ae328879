package telemetry

import (
	"strings"
	"testing"
)

// TestExportSettings: which variables switch what on, and which words are refused.
func TestExportSettings(t *testing.T) {
	const endpoint, proto = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"
	for _, c := range []struct {
		env  map[string]string
		want signals
		err  string // words of it
	}{
		{nil, signals{}, ""},
		{map[string]string{endpoint: "http://localhost:4318"}, signals{httpProtocol, httpProtocol}, ""},
		{map[string]string{endpoint: "x", proto: "grpc"}, signals{grpcProtocol, grpcProtocol}, ""},
		{map[string]string{endpoint: "x", proto: "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, signals{httpProtocol, grpcProtocol}, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "x"}, signals{traces: httpProtocol}, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "x"}, signals{metrics: httpProtocol}, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, signals{traces: httpProtocol}, ""},
		{map[string]string{endpoint: "x", "OTEL_METRICS_EXPORTER": "none"}, signals{traces: httpProtocol}, ""},
		{map[string]string{endpoint: "x", "OTEL_METRICS_EXPORTER": "prometheus"}, signals{traces: httpProtocol}, ""},
		{map[string]string{endpoint: "x", "OTEL_SDK_DISABLED": "TRUE", proto: "carrier pigeon"}, signals{}, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "prometheus"}, signals{}, "OTEL_TRACES_EXPORTER"},
		{map[string]string{"OTEL_METRICS_EXPORTER": "console"}, signals{}, `OTEL_METRICS_EXPORTER is "console": it must be otlp or none`},
		{map[string]string{endpoint: "x", proto: "http/json"}, signals{}, `OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"`},
		{map[string]string{endpoint: "x", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "x"}, signals{traces: httpProtocol}, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"},
	} {
		getenv := func(name string) string { return c.env[name] }
		got, err := signalsOf(getenv)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: %+v, %v", c.env, got, err)
		}
		if cerr := CheckExport(getenv); (cerr == nil) != (err == nil) {
			t.Errorf("%v: %v", c.env, cerr)
		}
	}
}
