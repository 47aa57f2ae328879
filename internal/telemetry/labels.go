package telemetry

import (
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	namespace = "acsauth"
	other     = "other"
	// maxLabels is the most values that one label may have.
	maxLabels = 128
)

var labelForm = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,64}$`)

// A labels set admits values until it is full.
type labels struct {
	mu    sync.RWMutex
	known map[string]struct{}
}

func (l *labels) admit(v string) string {
	l.mu.RLock()
	_, ok := l.known[v]
	l.mu.RUnlock()
	if ok {
		return v
	}
	if !labelForm.MatchString(v) {
		return other
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.known[v]; !ok && len(l.known) >= maxLabels {
		return other
	}
	if l.known == nil {
		l.known = map[string]struct{}{}
	}
	l.known[v] = struct{}{}
	return v
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions, http.MethodPut, http.MethodPatch}

func methodLabel(m string) string {
	if slices.Contains(methods, m) {
		return m
	}
	return other
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// The buckets span a token from memory (1 ms) to the write timeout of the server (40 s).
func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help,
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40}}, labels)
}

// build returns version and revision of the running program.
func build() (version, revision string) {
	version, revision = "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return version, revision
}

// buildInfo is the constant 1 with the build in its labels.
func buildInfo() prometheus.Collector {
	version, revision := build()
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "The running build; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()}})
	g.Set(1)
	return g
}
