package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/internal/tracing"
	"github.com/google/uuid"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// flushTimeout bounds the last words at the stop, so that a collector that is away does not hold it up.
const flushTimeout = 5 * time.Second

// An Export sends traces and metrics to a collector.
type Export struct {
	traces  *sdktrace.TracerProvider // nil: none are sent
	metrics *metric.MeterProvider    // nil: none are sent
}

// StartExport begins to send what the OTEL_* variables of the environment ask
// for: traces, the metrics of m, both, or nothing. See [CheckExport] for what is
// refused. A collector that cannot be reached is told to log, and harms nothing else.
func StartExport(ctx context.Context, m *Metrics, log *slog.Logger) (*Export, error) {
	s, err := signalsOf(os.Getenv)
	if err != nil || s == (signals{}) {
		return &Export{}, err
	}
	// The SDK has one handler for the process, and would write to the standard error, not to the log.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry was not sent", "error", err) }))
	r, err := newResource(ctx)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	e := &Export{}
	if s.traces != "" {
		exporter, err := newTraceExporter(ctx, s.traces)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_*: %w", err)
		}
		e.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(r))
	}
	if s.metrics != "" {
		exporter, err := newMetricExporter(ctx, s.metrics)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("OTEL_EXPORTER_OTLP_*: %w", err), e.Close())
		}
		producer := bridge.NewMetricProducer(bridge.WithGatherer(m.registry)) // the same metrics as on /metrics
		e.metrics = metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(exporter, metric.WithProducer(producer))), metric.WithResource(r))
	}
	log.Info("telemetry is sent", "traces", s.traces != "", "metrics", s.metrics != "")
	return e, nil
}

// Context returns a context in which spans are made, if traces are sent; see package tracing.
func (e *Export) Context(ctx context.Context) context.Context {
	if e.traces == nil {
		return ctx
	}
	return tracing.With(ctx, e.traces)
}

// Close sends what is left, for at most five seconds.
func (e *Export) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	var errs []error
	if e.traces != nil {
		errs = append(errs, e.traces.Shutdown(ctx))
	}
	if e.metrics != nil {
		errs = append(errs, e.metrics.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// newResource says who sends: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before what the program knows of itself.
func newResource(ctx context.Context) (*resource.Resource, error) {
	version, _ := build()
	return resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", namespace), attribute.String("service.version", version),
		attribute.String("service.instance.id", uuid.NewString())), resource.WithFromEnv())
}

func newTraceExporter(ctx context.Context, protocol string) (sdktrace.SpanExporter, error) {
	if protocol == grpcProtocol {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

func newMetricExporter(ctx context.Context, protocol string) (metric.Exporter, error) {
	if protocol == grpcProtocol {
		return otlpmetricgrpc.New(ctx)
	}
	return otlpmetrichttp.New(ctx)
}

// The protocols of OTLP that are spoken.
const (
	grpcProtocol = "grpc"
	httpProtocol = "http/protobuf"
)

// signals are the protocols by which traces and metrics are sent; "" stands for not sent.
type signals struct{ traces, metrics string }

// CheckExport names what is wrong in the OTEL_* variables that decide whether
// and how telemetry is sent. The SDK reads the others itself, and has defaults for what it cannot read.
func CheckExport(getenv func(string) string) error {
	_, err := signalsOf(getenv)
	return err
}

func signalsOf(getenv func(string) string) (s signals, err error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return signals{}, nil
	}
	var terr, merr error
	s.traces, terr = signalOf(getenv, "TRACES")
	s.metrics, merr = signalOf(getenv, "METRICS")
	if terr != nil && merr != nil && terr.Error() == merr.Error() {
		merr = nil // both have it from the same variable
	}
	return s, errors.Join(terr, merr)
}

// signalOf returns the protocol of one signal. Without a word in OTEL_*_EXPORTER, an endpoint switches it on.
func signalOf(getenv func(string) string, signal string) (protocol string, err error) {
	name := "OTEL_" + signal + "_EXPORTER"
	switch v := getenv(name); v {
	case "otlp":
	case "":
		if getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "" {
			return "", nil
		}
	case "none":
		return "", nil
	case "prometheus":
		if signal == "METRICS" {
			return "", nil // ACSAUTH_METRICS_LISTEN serves them in any case
		}
		fallthrough
	default:
		return "", fmt.Errorf("%s is %q: it must be otlp or none", name, v)
	}
	name = "OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL"
	if getenv(name) == "" {
		name = "OTEL_EXPORTER_OTLP_PROTOCOL"
	}
	switch v := getenv(name); v {
	case "", httpProtocol:
		return httpProtocol, nil
	case grpcProtocol:
		return grpcProtocol, nil
	default:
		return "", fmt.Errorf("%s is %q: it must be %s or %s", name, v, httpProtocol, grpcProtocol)
	}
}
