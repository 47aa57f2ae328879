package telemetry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	return rec.Body.String()
}

func wants(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l+"\n") {
			t.Errorf("no line %s", l)
		}
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	m.Request("/getToken", "GET", 200, 30*time.Millisecond)
	m.Request("/getToken", "BREW", 99, time.Second)
	m.Request("/raw path?token=x", "POST", 499, time.Second)
	m.InFlight(3)
	m.InFlight(-1)
	m.Problem("token_expired")
	m.PresetProblems("internal", "token_expired")
	m.Panic()
	m.BrokerEvent("takeover")
	m.PresetBrokerEvents("orphan")
	m.Upstream("IssueToken", 0, time.Second)
	m.Upstream("IssueToken", 429, time.Second)
	m.SetStore(func(context.Context) (StoreCounts, error) { return StoreCounts{1, 2, 3, 4, 5, 6}, nil })
	wants(t, scrape(t, m),
		`acsauth_http_requests_total{method="GET",route="/getToken",status="200"} 1`,
		`acsauth_http_requests_total{method="other",route="/getToken",status="other"} 1`,
		`acsauth_http_requests_total{method="POST",route="other",status="499"} 1`,
		`acsauth_http_request_duration_seconds_bucket{method="GET",route="/getToken",le="0.025"} 0`,
		`acsauth_http_request_duration_seconds_bucket{method="GET",route="/getToken",le="0.05"} 1`,
		`acsauth_http_requests_in_flight 2`, `acsauth_problems_total{code="token_expired"} 1`, `acsauth_problems_total{code="internal"} 0`,
		`acsauth_http_panics_total 1`, `acsauth_broker_events_total{event="takeover"} 1`, `acsauth_broker_events_total{event="orphan"} 0`,
		`acsauth_upstream_requests_total{operation="IssueToken",status="none"} 1`, `acsauth_upstream_requests_total{operation="IssueToken",status="429"} 1`,
		`acsauth_upstream_request_duration_seconds_count{operation="IssueToken"} 2`,
		`acsauth_store_up 1`, `acsauth_store_mappings{state="pending"} 1`, `acsauth_store_mappings{state="active"} 2`, `acsauth_store_mappings{state="deleting"} 3`,
		`acsauth_store_journal_lines{kind="suspect"} 4`, `acsauth_store_journal_lines{kind="orphan"} 5`, `acsauth_store_journal_lines{kind="left"} 6`,
	)
}

// TestNames: every metric is ours or of Go, has a help text, and follows the rules of Prometheus.
func TestNames(t *testing.T) {
	m := NewMetrics()
	m.Request("/getToken", "GET", 200, 0)
	m.Problem("internal")
	m.BrokerEvent("orphan")
	m.Upstream("op", 200, 0)
	m.Stored("get", "ok", 0)
	m.SetKeySets(func() []KeySetAge { return []KeySetAge{{"common", 3}} })
	m.SetStore(func(context.Context) (StoreCounts, error) { return StoreCounts{}, nil })
	m.SetCaches(func() []CacheCount { return []CacheCount{{Name: "tokens"}} })
	m.SetQuota(func() []QuotaState { return []QuotaState{{Operation: "createIdentity"}} })
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil || len(problems) != 0 {
		t.Errorf("%v %v", problems, err)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, f := range families {
		if name, ok := strings.CutPrefix(f.GetName(), "acsauth_"); ok {
			ours = append(ours, name)
		} else if !regexp.MustCompile(`^(go|process|promhttp)_`).MatchString(f.GetName()) {
			t.Errorf("foreign name %s", f.GetName())
		}
	}
	want := []string{"broker_events_total", "build_info", "cache_entries", "cache_hits_total", "cache_misses_total", "http_panics_total", "http_request_duration_seconds", "http_requests_in_flight",
		"http_requests_total", "key_set_age_seconds", "problems_total", "quota_exhaustion_seconds", "quota_left", "quota_limit", "quota_shed_total", "quota_throttled_total", "quota_waiting", "store_journal_lines", "store_mappings", "store_request_duration_seconds", "store_requests_total", "store_up", "upstream_request_duration_seconds", "upstream_requests_total"}
	if !slices.Equal(ours, want) {
		t.Errorf("metrics %v", ours)
	}
}

// TestLabelsAreBounded: values out of requests cannot make series without end.
func TestLabelsAreBounded(t *testing.T) {
	m := NewMetrics()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				m.Request(fmt.Sprintf("/%d-%d", g, i), fmt.Sprintf("M%d", i), 200, 0)
				m.Problem(fmt.Sprintf("code %d", i))
				m.BrokerEvent(fmt.Sprintf("event%d", i))
				m.Upstream(fmt.Sprintf("op%d", i), i+600, 0)
			}
		})
	}
	wg.Wait()
	for name, c := range map[string]int{"requests": testutil.CollectAndCount(m.requests), "problems": testutil.CollectAndCount(m.problems),
		"events": testutil.CollectAndCount(m.events), "upstream": testutil.CollectAndCount(m.upstream)} {
		if c > maxLabels+1 {
			t.Errorf("%s: %d series", name, c)
		}
	}
}

// TestStoreFaults: a store that fails or hangs does not spoil the scrape.
func TestStoreFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMetrics()
		if strings.Contains(scrape(t, m), "acsauth_store_") {
			t.Error("counts of a store that there is not")
		}
		m.SetStore(func(ctx context.Context) (StoreCounts, error) {
			<-ctx.Done()
			return StoreCounts{}, ctx.Err()
		})
		begin := time.Now()
		text := scrape(t, m)
		wants(t, text, "acsauth_store_up 0")
		if d := time.Since(begin); d != storeTimeout || strings.Contains(text, "acsauth_store_mappings") {
			t.Errorf("after %v: %s", d, text)
		}
		m.SetStore(func(context.Context) (StoreCounts, error) { return StoreCounts{}, errors.New("down") })
		wants(t, scrape(t, m), "acsauth_store_up 0")
	})
}

func TestCachesAndQuota(t *testing.T) {
	m := NewMetrics()
	if got := scrape(t, m); strings.Contains(got, "acsauth_cache") || strings.Contains(got, "acsauth_quota") {
		t.Error("counts of what there is not")
	}
	m.SetCaches(func() []CacheCount { return []CacheCount{{"verified", 1, 2, 3}, {"tokens", 4, 5, 6}} })
	m.SetQuota(func() []QuotaState {
		return []QuotaState{{"createIdentity", 900, 12.5, 3, 4, 5, math.Inf(1)}, {"issueAccessToken", 900, 0, 0, 0, 0, 2.5}}
	})
	wants(t, scrape(t, m), `acsauth_cache_hits_total{cache="verified"} 1`, `acsauth_cache_misses_total{cache="verified"} 2`, `acsauth_cache_entries{cache="tokens"} 6`,
		`acsauth_quota_limit{operation="createIdentity"} 900`, `acsauth_quota_left{operation="createIdentity"} 12.5`, `acsauth_quota_waiting{operation="createIdentity"} 3`,
		`acsauth_quota_shed_total{operation="createIdentity"} 4`, `acsauth_quota_throttled_total{operation="createIdentity"} 5`,
		`acsauth_quota_exhaustion_seconds{operation="createIdentity"} +Inf`, `acsauth_quota_exhaustion_seconds{operation="issueAccessToken"} 2.5`)
}

// A store that cannot count its active rows cheaply does not show a wrong number.
func TestNotCounted(t *testing.T) {
	m := NewMetrics()
	m.SetStore(func(context.Context) (StoreCounts, error) { return StoreCounts{Pending: 1, Active: -1}, nil })
	got := scrape(t, m)
	wants(t, got, `acsauth_store_mappings{state="pending"} 1`)
	if strings.Contains(got, `state="active"`) {
		t.Error("rows that were not counted are shown")
	}
}
