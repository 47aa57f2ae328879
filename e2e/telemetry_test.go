package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/testkit"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// TestTelemetryIsSent: by either protocol, traces and metrics of real requests
// reach a collector, hang together with the log, carry the ids that ACS
// returned, and hold nothing about the user.
func TestTelemetryIsSent(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			testTelemetry(t, protocol)
		})
	}
}

const callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

func testTelemetry(t *testing.T, protocol string) {
	collector := testkit.StartCollector(t)
	w := newWorld(t, sqlitePlace, 0)
	token, err := w.emu.MintToken(emulator.TokenRequest{User: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := collector.HTTP
	if protocol == "grpc" {
		endpoint = collector.GRPC
	}
	maps.Copy(w.env, map[string]string{
		"ACSAUTH_LOG_LEVEL": "info", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
		"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=hush-hush",
	})
	s := w.serve(t)
	bearer := "Bearer " + token
	if status, body, _ := ask(t, client, "POST", s.Server+"/getToken", "Authorization", bearer, "traceparent", "00-"+callerTrace+"-00f067aa0ba902b7-01", "X-Request-Id", "story-1"); status != 200 {
		t.Fatal(status, body)
	}
	for _, r := range []struct{ method, path string }{
		{"GET", "/getToken?expiresInMinutes=60"}, {"GET", "/refreshToken"}, {"GET", "/getUser"}, {"GET", "/api/user"}, {"POST", "/revokeTokens"}, {"DELETE", "/api/user"}, {"GET", "/nothing"}, {"GET", "/readyz"},
	} {
		ask(t, client, r.method, s.Server+r.path, "Authorization", bearer)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil { // what is left is sent before the end
		t.Fatalf("%v\n%s", err, s.log)
	}
	log := s.log.String()
	spans, resource := spansOf(t, collector)
	tree := treeOf(spans, callerTrace)
	if want := drawn(t); tree != want {
		t.Errorf("the trace is\n%s\nand docs/telemetry.md shows\n%s", tree, want)
	}
	for _, s := range spans {
		a := map[string]string{}
		for _, kv := range s.Attributes {
			a[kv.Key] = kv.Value.GetStringValue()
		}
		switch kind := s.Kind; {
		case strings.HasPrefix(s.Name, "acs.") && kind != tracepb.Span_SPAN_KIND_CLIENT, strings.HasPrefix(s.Name, "POST /") && kind != tracepb.Span_SPAN_KIND_SERVER:
			t.Errorf("%s is %s", s.Name, kind)
		case s.Name == "acs.createIdentity" && (a["http.response.header.ms-cv"] == "" || a["http.response.header.x-ms-client-request-id"] == ""):
			t.Errorf("no ids of ACS: %v", a)
		case s.Name == "broker.IssueToken" && fmt.Sprintf("%x", s.TraceId) == callerTrace && (a["acsauth.token"] != "with_identity" || s.Events[0].Name != "identity_created"):
			t.Errorf("the decision is not told: %v %v", a, s.Events)
		case s.Name == "POST /getToken" && a["acsauth.request_id"] != "story-1":
			t.Errorf("no request id: %v", a)
		case strings.Contains(s.Name, "readyz"), s.Name == "store.ping":
			t.Errorf("a probe is traced: %s", s.Name)
		}
	}
	for key, value := range map[string]string{"service.name": "acsauth", "deployment.environment.name": "test"} {
		if resource[key] != value {
			t.Errorf("the resource has %v, want %s=%s", resource, key, value)
		}
	}
	if line := requestLine(t, log, "story-1"); line["trace_id"] != callerTrace || line["span_id"] == "" {
		t.Errorf("the log line does not know the trace: %v", line)
	}
	names := metricsOf(collector)
	for _, name := range []string{"acsauth_http_requests_total", "acsauth_store_requests_total", "acsauth_upstream_requests_total", "acsauth_key_set_age_seconds"} {
		if !names[name] {
			t.Errorf("the metric %s was not sent; %v were", name, slices.Sorted(maps.Keys(names)))
		}
	}
	checkNothingPersonal(t, collector, log)
}

// checkNothingPersonal looks for what is secret or personal in all that was sent. TestMarkersShowNowhere looks harder.
func checkNothingPersonal(t *testing.T, c *testkit.Collector, log string) {
	t.Helper()
	sent := c.Text()
	if len(sent) < 10_000 {
		t.Fatalf("only %d bytes were sent", len(sent))
	}
	for what, form := range map[string]string{"a name": `(?i)alice`, "a token": `eyJ[\w-]{8,}\.`, "an identity": `8:acs:`, "an address": `127\.0\.0\.1`, "a query": `(?i)expiresInMinutes`} {
		if found := regexp.MustCompile(form).FindString(sent); found != "" {
			t.Errorf("%s (%q) was sent", what, found)
		}
	}
	if strings.Contains(log, "hush-hush") {
		t.Error("a header for the collector is in the log")
	}
}

func spansOf(t *testing.T, c *testkit.Collector) (spans []*tracepb.Span, resource map[string]string) {
	t.Helper()
	resource = map[string]string{}
	for _, m := range c.Traces() {
		for _, rs := range m.ResourceSpans {
			for _, kv := range rs.Resource.Attributes {
				resource[kv.Key] = kv.Value.GetStringValue()
			}
			for _, ss := range rs.ScopeSpans {
				spans = append(spans, ss.Spans...)
			}
		}
	}
	return spans, resource
}

// drawn is the trace that docs/telemetry.md shows, without what it says of the spans.
func drawn(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "```text\nPOST /getToken ")
	block, _, ok2 := strings.Cut("POST /getToken "+block, "```")
	if !ok || !ok2 {
		t.Fatal("docs/telemetry.md shows no trace")
	}
	return regexp.MustCompile(`(?m)(\S)(?: {2,}.*)?$`).ReplaceAllString(block, "$1")
}

// treeOf draws a trace, in the order in which its spans began.
func treeOf(spans []*tracepb.Span, trace string) string {
	var mine []*tracepb.Span
	known := map[string]bool{}
	for _, s := range spans {
		if fmt.Sprintf("%x", s.TraceId) == trace {
			mine = append(mine, s)
			known[string(s.SpanId)] = true
		}
	}
	slices.SortFunc(mine, func(a, b *tracepb.Span) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
	var b strings.Builder
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		for _, s := range mine {
			if up := string(s.ParentSpanId); up == parent || parent == "" && !known[up] {
				fmt.Fprintf(&b, "%s%s\n", indent, s.Name)
				draw(string(s.SpanId), indent+"  ")
			}
		}
	}
	draw("", "")
	return b.String()
}

func metricsOf(c *testkit.Collector) map[string]bool {
	names := map[string]bool{}
	for _, m := range c.Metrics() {
		for _, rm := range m.ResourceMetrics {
			for _, sm := range rm.ScopeMetrics {
				for _, m := range sm.Metrics {
					names[m.Name] = points(m) > 0
				}
			}
		}
	}
	return names
}

func points(m *metricpb.Metric) int {
	return len(m.GetSum().GetDataPoints()) + len(m.GetGauge().GetDataPoints()) + len(m.GetHistogram().GetDataPoints())
}

// requestLine returns the line of the access log for a request.
func requestLine(t *testing.T, log, id string) map[string]any {
	t.Helper()
	for line := range strings.Lines(log) {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["request_id"] == id && m["msg"] == "request" {
			return m
		}
	}
	t.Fatalf("no line of request %s in the log:\n%s", id, log)
	return nil
}

// TestCollectorAway: a collector that is not there costs the service nothing but a line in the log.
func TestCollectorAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlitePlace, 1)
	maps.Copy(w.env, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "100", "ACSAUTH_LOG_LEVEL": "info"})
	s := w.serve(t)
	w.show(s, 0)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the stop went wrong: %v", err)
	}
	if !strings.Contains(s.log.String(), `"telemetry was not sent"`) && !strings.Contains(s.log.String(), `"the last telemetry was not sent"`) {
		t.Errorf("the log does not say that nothing arrived:\n%s", s.log)
	}
	for _, v := range w.ledger.Violations() {
		t.Error(v)
	}
}

// documentedMetrics are the rows of a table of docs/metrics.md: name, type and labels.
func documentedMetrics(t *testing.T) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][2]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(acsauth_\\w+)` \\| (\\w+) \\| ([^|]*)\\|").FindAllStringSubmatch(string(text), -1) {
		if _, twice := rows[m[1]]; twice {
			t.Errorf("docs/metrics.md lists %s twice", m[1])
		}
		rows[m[1]] = [2]string{m[2], strings.Join(regexp.MustCompile(`\w+`).FindAllString(m[3], -1), " ")}
	}
	return rows
}

// TestMetricsAreDocumented: a service that has done some of everything shows the
// metrics that docs/metrics.md lists, with their types and labels, and no others.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlitePlace, 1)
	w.env["ACSAUTH_ACS_QUOTA"] = "90" // off for an emulator, else
	s := w.serve(t)
	for _, r := range []struct{ method, path string }{{"GET", "/getToken"}, {"GET", "/nothing"}} {
		ask(t, client, r.method, s.Server+r.path, "Authorization", "Bearer "+w.tokens[0])
	}
	text := scrape(t, s)
	shown := scraped(t, text)
	want := documentedMetrics(t)
	for name, row := range want {
		if shown[name] == ([2]string{}) {
			t.Errorf("docs/metrics.md lists %s, and the service does not show it", name)
		} else if shown[name] != row {
			t.Errorf("%s is %v, and docs/metrics.md says %v", name, shown[name], row)
		}
	}
	for name := range shown {
		if _, ok := want[name]; !ok {
			t.Errorf("the service shows %s %v, and docs/metrics.md does not list it", name, shown[name])
		}
	}
	if len(want) < 20 {
		t.Errorf("only %d metrics in docs/metrics.md", len(want))
	}
	checkEventsDocumented(t, text)
}

// checkEventsDocumented compares the events that a service counts from the start with the table of docs/metrics.md.
func checkEventsDocumented(t *testing.T, scraped string) {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| event | what happened |")
	var want, got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(table, -1) {
		want = append(want, m[1])
	}
	for _, m := range regexp.MustCompile(`acsauth_broker_events_total\{event="(\w+)"\}`).FindAllStringSubmatch(scraped, -1) {
		got = append(got, m[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) || len(got) < 20 {
		t.Errorf("docs/metrics.md has the events\n%v\nand the service\n%v", want, got)
	}
}

// scraped returns type and labels of each metric of ours.
func scraped(t *testing.T, text string) map[string][2]string {
	t.Helper()
	kinds, labels := map[string]string{}, map[string]map[string]bool{}
	sample := regexp.MustCompile(`^(acsauth_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if f := strings.Fields(line); len(f) == 4 && f[1] == "TYPE" && strings.HasPrefix(f[2], "acsauth_") {
			kinds[f[2]] = f[3]
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := m[1]
		if kinds[name] == "" {
			t.Errorf("%s has no type", name)
		}
		if labels[name] == nil {
			labels[name] = map[string]bool{}
		}
		for _, l := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(m[2], -1) {
			if l[1] != "le" {
				labels[name][l[1]] = true
			}
		}
	}
	out := map[string][2]string{}
	for name, set := range labels {
		out[name] = [2]string{kinds[name], strings.Join(slices.Sorted(maps.Keys(set)), " ")}
	}
	return out
}

// TestSpansOfGraph: with identities in Microsoft Graph, calls of Graph and Entra ID are spans of the request, and carry the
// ids that both returned.
func TestSpansOfGraph(t *testing.T) {
	t.Parallel()
	collector := testkit.StartCollector(t)
	w := newWorld(t, sqlitePlace, 0)
	token, err := w.emu.MintToken(emulator.TokenRequest{User: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(w.env, graphEnv("application")(t))
	maps.Copy(w.env, map[string]string{"ACSAUTH_GRAPH_URL": w.emu.URL(), "ACSAUTH_GRAPH_MAC_KEYS": strings.Repeat("QUFB", 12), "ACSAUTH_CLIENT_SECRET": emulator.APIClientSecret})
	w.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.HTTP + "/v1/traces"
	s := w.serve(t)
	if status, code, _ := ask(t, client, "POST", s.Server+"/getUser", "Authorization", "Bearer "+token, "traceparent", "00-"+callerTrace+"-00f067aa0ba902b7-01"); status != 201 {
		t.Fatal(status, code)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	want := map[string]string{"graph.get": "http.response.header.request-id", "graph.post": "http.response.header.request-id", "entra.token": "http.response.header.x-ms-request-id"}
	spans, _ := spansOf(t, collector)
	for _, s := range spans {
		if fmt.Sprintf("%x", s.TraceId) != callerTrace {
			continue
		}
		for _, kv := range s.Attributes {
			if kv.Key == want[s.Name] && kv.Value.GetStringValue() != "" {
				delete(want, s.Name)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no span with an id: %v; the trace is\n%s", want, treeOf(spans, callerTrace))
	}
	for _, text := range []string{"alice", "8:acs:", "/users/", "extensions"} {
		if strings.Contains(collector.Text(), text) {
			t.Errorf("%q was sent", text)
		}
	}
}
