package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what the server counts. They have a registry of their own. Label
// sets are closed: a value of unknown form, or one too many, counts as "other".
// The methods may be called at once.
type Metrics struct {
	registry *prometheus.Registry
	store    *storeCollector
	usage    *usageCollector

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	problems  *prometheus.CounterVec
	panics    prometheus.Counter
	events    *prometheus.CounterVec
	upstream  *prometheus.CounterVec
	upstreamD *prometheus.HistogramVec
	stored    *prometheus.CounterVec
	storedD   *prometheus.HistogramVec

	routes, codes, eventNames, operations, storeOperations labels
}

// NewMetrics returns metrics that have counted nothing.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry:  prometheus.NewPedanticRegistry(),
		store:     newStoreCollector(),
		usage:     newUsageCollector(),
		requests:  counter("http_requests_total", "HTTP requests answered; status 499 stands for a client that left.", "route", "method", "status"),
		durations: histogram("http_request_duration_seconds", "Time from the header of a request to its answer.", "route", "method"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "http_requests_in_flight",
			Help: "HTTP requests being served."}),
		problems: counter("problems_total", "Problem documents sent, by code.", "code"),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "http_panics_total",
			Help: "Panics of handlers, each answered with 500."}),
		events:    counter("broker_events_total", "Events of the broker.", "event"),
		upstream:  counter("upstream_requests_total", "Calls to upstream services; status none stands for no answer.", "operation", "status"),
		upstreamD: histogram("upstream_request_duration_seconds", "Time of a call to an upstream service.", "operation"),
		stored:    counter("store_requests_total", "Calls of the store, by outcome: ok, not_found, conflict (somebody else was faster) or error.", "operation", "outcome"),
		storedD:   histogram("store_request_duration_seconds", "Time of a call of the store.", "operation"),
	}
	m.registry.MustRegister(m.requests, m.durations, m.inFlight, m.problems, m.panics, m.events, m.upstream, m.upstreamD, m.stored, m.storedD, m.store, m.usage,
		buildInfo(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in the Prometheus text format. Mount it on a
// listener that is not public.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, Registry: m.registry, MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}

// Request counts one HTTP request. route is a pattern, never a raw path.
func (m *Metrics) Request(route, method string, status int, d time.Duration) {
	route, method = m.routes.admit(route), methodLabel(method)
	m.requests.WithLabelValues(route, method, statusLabel(status)).Inc()
	m.durations.WithLabelValues(route, method).Observe(d.Seconds())
}

// InFlight adds delta to the number of HTTP requests being served.
func (m *Metrics) InFlight(delta int) { m.inFlight.Add(float64(delta)) }

// Problem counts one problem document.
func (m *Metrics) Problem(code string) { m.problems.WithLabelValues(m.codes.admit(code)).Inc() }

// Panic counts one panic of a handler.
func (m *Metrics) Panic() { m.panics.Inc() }

// BrokerEvent counts one event of the broker.
func (m *Metrics) BrokerEvent(name string) {
	m.events.WithLabelValues(m.eventNames.admit(name)).Inc()
}

// Upstream counts one call to an upstream service. Status 0: no answer.
func (m *Metrics) Upstream(op string, status int, d time.Duration) {
	op = m.operations.admit(op)
	m.upstream.WithLabelValues(op, statusLabel(status)).Inc()
	m.upstreamD.WithLabelValues(op).Observe(d.Seconds())
}

// Stored counts one call of the store. The outcome is a constant word.
func (m *Metrics) Stored(op, outcome string, d time.Duration) {
	op = m.storeOperations.admit(op)
	m.stored.WithLabelValues(op, outcome).Inc()
	m.storedD.WithLabelValues(op).Observe(d.Seconds())
}

// PresetProblems makes the series of the codes, at zero, so that rates work from the first one on.
func (m *Metrics) PresetProblems(codes ...string) {
	for _, c := range codes {
		m.problems.WithLabelValues(m.codes.admit(c))
	}
}

// PresetBrokerEvents makes the series of the events, at zero.
func (m *Metrics) PresetBrokerEvents(names ...string) {
	for _, n := range names {
		m.events.WithLabelValues(m.eventNames.admit(n))
	}
}

func statusLabel(status int) string {
	switch {
	case status == 0:
		return "none"
	case status < 100 || status > 599:
		return other
	}
	return strconv.Itoa(status)
}
