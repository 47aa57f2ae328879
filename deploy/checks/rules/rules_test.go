package rules

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

const folder = "../../observability/"

// A scenario is a system in which exactly these alerts fire, after seven hours.
type scenario struct {
	name  string
	load  string // series, one minute apart, in the words of Prometheus' own tests
	fires string // alerts, with spaces between
}

// healthy is what a good service shows: 100 requests in a second, a few of them refused.
const healthy = `
	up{job="acsauth",instance="a"} 1x420
	acsauth_http_requests_total{route="/getToken",method="POST",status="200"} 0+6000x420
	acsauth_http_requests_total{route="/getToken",method="POST",status="401"} 0+60x420
	acsauth_http_requests_total{route="/getToken",method="POST",status="503"} 0+1x420
	acsauth_http_request_duration_seconds_bucket{route="/getToken",le="0.1"} 0+6000x420
	acsauth_http_request_duration_seconds_bucket{route="/getToken",le="2.5"} 0+6061x420
	acsauth_http_request_duration_seconds_bucket{route="/getToken",le="+Inf"} 0+6061x420
	acsauth_http_panics_total 0x420
	acsauth_problems_total{code="audit_unavailable"} 0x420
	acsauth_broker_events_total{event="acs_denied"} 0x420
	acsauth_broker_events_total{event="acs_keys_refused"} 0x420
	acsauth_broker_events_total{event="acs_key_refused"} 0x420
	acsauth_broker_events_total{event="identity_lost"} 0x420
	acsauth_broker_events_total{event="mapping_tampered"} 0x420
	acsauth_broker_events_total{event="mapping_unsigned"} 0x420
	acsauth_broker_events_total{event="secret_kept"} 0x420
	acsauth_broker_events_total{event="secret_for_restart"} 0x420
	acsauth_broker_events_total{event="suspect"} 0+0.1x420
	acsauth_upstream_requests_total{operation="acs.issueAccessToken",status="200"} 0+600x420
	acsauth_upstream_requests_total{operation="acs.issueAccessToken",status="503"} 0+1x420
	acsauth_upstream_requests_total{operation="entra.token",status="200"} 0+60x420
	acsauth_quota_throttled_total{operation="issueAccessToken"} 0x420
	acsauth_quota_shed_total{operation="issueAccessToken"} 0x420
	acsauth_key_set_age_seconds{issuer="tenant"} 43000x420
	acsauth_store_up 1x420
	acsauth_store_requests_total{operation="get",outcome="ok"} 0+6000x420
	acsauth_store_requests_total{operation="get",outcome="not_found"} 0+100x420
	acsauth_store_requests_total{operation="get",outcome="error"} 0x420
	acsauth_store_request_duration_seconds_bucket{operation="get",le="0.01"} 0+6100x420
	acsauth_store_request_duration_seconds_bucket{operation="get",le="+Inf"} 0+6100x420
	acsauth_store_journal_lines{kind="orphan"} 0x420
	acsauth_store_mappings{state="deleting"} 0x420
`

// with is the healthy system with some series replaced by others of the same name and labels.
func with(changes ...string) string {
	text := healthy
	for _, c := range changes {
		series, _, _ := strings.Cut(c, " ")
		out, found := "", false
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), series+" ") {
				line, found = "\t"+c+"\n", true
			}
			out += line
		}
		if text = out; !found {
			text += "\t" + c + "\n"
		}
	}
	return text
}

const event = `acsauth_broker_events_total{event="`

var scenarios = []scenario{
	{"all is well", healthy, ""},
	{"a replica is down", with(`up{job="acsauth",instance="a"} 1x410 0x10`), "AcsauthDown"},
	{"nothing is scraped", "\tother 1x420\n", "AcsauthDown"},
	{"many failures", with(`acsauth_http_requests_total{route="/getToken",method="POST",status="503"} 0+200x420`), "AcsauthErrorsFast AcsauthErrorsSlow"},
	{"failures for hours", with(`acsauth_http_requests_total{route="/getToken",method="POST",status="503"} 0+50x420`), "AcsauthErrorsSlow"},
	{"slow", with(`acsauth_http_request_duration_seconds_bucket{route="/getToken",le="2.5"} 0+6000x420`, `acsauth_http_request_duration_seconds_bucket{route="/getToken",le="5"} 0+6061x420`,
		`acsauth_http_request_duration_seconds_bucket{route="/getToken",le="+Inf"} 0+6200x420`), "AcsauthSlow"},
	{"a panic", with(`acsauth_http_panics_total 0x415 1x5`), "AcsauthPanic"},
	{"many refusals", with(`acsauth_http_requests_total{route="/getToken",method="POST",status="401"} 0+3000x420`), "AcsauthRefusals"},
	{"ACS denies", with(event + `acs_denied"} 0x417 1x3`), "AcsauthAcsDenied"},
	{"ACS refuses both keys", with(event + `acs_keys_refused"} 0x417 1x3`), "AcsauthAcsDenied"},
	{"ACS refuses one key", with(event + `acs_key_refused"} 0x417 1x3`), "AcsauthAcsKeyRefused"},
	{"ACS fails", with(`acsauth_upstream_requests_total{operation="acs.issueAccessToken",status="none"} 0+100x420`), "AcsauthAcsFailing"},
	{"ACS throttles", with(`acsauth_quota_throttled_total{operation="issueAccessToken"} 0x417 5x3`), "AcsauthAcsThrottled"},
	{"the limit is used up", with(`acsauth_quota_shed_total{operation="issueAccessToken"} 0x400 0+10x20`), "AcsauthQuotaUsedUp"},
	{"an identity is lost", with(event + `identity_lost"} 0x417 1x3`), "AcsauthIdentityLost"},
	{"keys are old", with(`acsauth_key_set_age_seconds{issuer="tenant"} 50000x420`), "AcsauthKeysOld"},
	{"keys expire", with(`acsauth_key_set_age_seconds{issuer="tenant"} 80000x420`), "AcsauthKeysOld AcsauthKeysExpire"},
	{"keys were never loaded", with(`acsauth_key_set_age_seconds{issuer="tenant"} 1e300x420`), "AcsauthKeysOld AcsauthKeysExpire"},
	{"Entra ID fails", with(`acsauth_upstream_requests_total{operation="entra.token",status="503"} 0+10x420`), "AcsauthEntraFailing"},
	{"the store is away", with(`acsauth_store_up 1x410 0x10`), "AcsauthStoreDown"},
	{"the store fails", with(`acsauth_store_requests_total{operation="get",outcome="error"} 0+100x420`), "AcsauthStoreFailing"},
	{"the store is slow", with(`acsauth_store_request_duration_seconds_bucket{operation="get",le="0.01"} 0+1000x420`, `acsauth_store_request_duration_seconds_bucket{operation="get",le="1"} 0+6100x420`), "AcsauthStoreSlow"},
	{"orphans stay", with(`acsauth_store_journal_lines{kind="orphan"} 2x420`), "AcsauthOrphansStay"},
	{"a deletion stays", with(`acsauth_store_mappings{state="deleting"} 1x420`), "AcsauthDeletionsStay"},
	{"suspects rise", with(event + `suspect"} 0+1x420`), "AcsauthSuspectsRise"},
	{"a mapping was tampered with", with(event + `mapping_tampered"} 0x417 1x3`), "AcsauthMappingTampered"},
	{"the audit log fails", with(`acsauth_problems_total{code="audit_unavailable"} 0x417 3x3`), "AcsauthAuditFailing"},
	{"a secret is bad", with(event + `secret_kept"} 0x417 1x3`), "AcsauthSecretKept"},
	{"a secret waits", with(event + `secret_for_restart"} 0x417 1x3`), "AcsauthSecretNeedsRestart"},
}

func rulesOf(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(folder+"alerts.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var out []rulefmt.Rule
	for _, g := range groups.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// Prometheus' own engine evaluates each rule on a good system and on bad ones. An alert fires if its expression holds
// at the end, and held for as long as the rule wants.
func TestAlertsFire(t *testing.T) {
	rules, fired := rulesOf(t), map[string]bool{}
	engine := promqltest.NewTestEngine(t, false, 5*time.Minute, 10_000_000)
	end := time.Unix(0, 0).Add(7 * time.Hour)
	for _, s := range scenarios {
		storage := promqltest.LoadedStorage(t, "load 1m\n"+strings.TrimLeft(s.load, "\n"))
		var got []string
		for _, r := range rules {
			holds := func(at time.Time) bool {
				q, err := engine.NewInstantQuery(t.Context(), storage, nil, r.Expr, at)
				if err != nil {
					t.Fatalf("%s: %v", r.Alert, err)
				}
				defer q.Close()
				result := q.Exec(t.Context())
				if result.Err != nil {
					t.Fatalf("%s: %v", r.Alert, result.Err)
				}
				v, err := result.Vector()
				return err == nil && len(v) > 0
			}
			all := holds(end)
			for ago := time.Minute; all && ago <= time.Duration(r.For); ago += time.Minute {
				all = holds(end.Add(-ago))
			}
			if all {
				got, fired[r.Alert] = append(got, r.Alert), true
			}
		}
		want := strings.Fields(s.fires)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v fire, want %v", s.name, got, want)
		}
	}
	for _, r := range rules {
		if !fired[r.Alert] {
			t.Errorf("no scenario makes %s fire", r.Alert)
		}
	}
	t.Logf("%d rules, %d scenarios", len(rules), len(scenarios))
}

// Prometheus' own parser reads each query of the dashboard, once Grafana has filled in its words.
func TestDashboardQueries(t *testing.T) {
	text, err := os.ReadFile(folder + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	n, fill := 0, strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*")
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			n++
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(fill.Replace(q.Expr)); err != nil {
				t.Errorf("%s: %v", p.Title, err)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d queries", n)
	}
}
