package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"strings"
)

// otlpNames are the standard variables of OpenTelemetry that name a receiver.
var otlpNames = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"}

// otlp looks whether the receivers of telemetry are reached. Nothing is sent to them.
func (e *exam) otlp(ctx context.Context) {
	found := false
	for _, name := range otlpNames {
		for _, entry := range e.Sources.Environ {
			value, ok := strings.CutPrefix(entry, name+"=")
			if ok && strings.TrimSpace(value) != "" {
				found = true
				e.receiver(ctx, name, strings.TrimSpace(value))
			}
		}
	}
	if !found {
		e.skip("telemetry.otlp", "", "no OTEL_EXPORTER_OTLP_ENDPOINT is set")
	}
}

// receiver connects, by TLS if the URL is https. The URL may hold a password, so only its host is shown.
func (e *exam) receiver(ctx context.Context, name, value string) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		e.bad("telemetry.otlp", name, Fault, "is not an http or https URL", advice{"write one, such as http://127.0.0.1:4318", name})
		return
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	var conn net.Conn
	if u.Scheme == "https" {
		conn, err = (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", host)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", host)
	}
	if err != nil {
		seen, what := unreached(err, name)
		e.bad("telemetry.otlp", name, Fault, host+": "+seen, what)
		return
	}
	_ = conn.Close() // it was only looked at
	e.ok("telemetry.otlp", name, host+" is reached; nothing was sent")
}
