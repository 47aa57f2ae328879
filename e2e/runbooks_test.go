package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// runbooks reads the sections of the page, by their headings.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		all[heading] = body
	}
	return all
}

// Each run-book says what tells of the incident and what to do, or is a list of steps.
func TestRunbooksAreWhole(t *testing.T) {
	all := runbooks(t)
	steps := regexp.MustCompile(`(?m)^2\. `)
	for heading, body := range all {
		acts := strings.Contains(body, "**First five minutes:**") || strings.Contains(body, "**Fix:**")
		if !steps.MatchString(body) && !(strings.Contains(body, "**Alarm:**") && acts) {
			t.Errorf("%q has neither steps nor an alarm and what to do", heading)
		}
	}
	t.Logf("%d run-books", len(all))
}

// The commands of the first look and those about the resource print what a reader wants to see, from a service that is in trouble.
func TestRunbookCommands(t *testing.T) {
	s := newScene(t).with("ACSAUTH_LIMIT_USER", "off")
	s.well("POST /getUser", s.alice())
	s.ask("GET /getUser", "abc")
	program := production(t)
	look, _ := transcript(t, "../docs/runbooks.md", "The first look is always the same")
	look, _, _ = strings.Cut(look, "acsauth check") // which asks the real Entra ID
	got := strings.Join(play(t, strings.NewReplacer("http://127.0.0.1:8080", s.server.Server, "http://127.0.0.1:9090/metrics", s.server.Metrics).Replace(look)), "\n")
	for _, want := range []string{`{"status":"ready"}`, `acsauth_problems_total{code="token_invalid"} 1`, `acsauth_broker_events_total{event="identity_created"} 1`,
		`acsauth_upstream_requests_total{operation="acs.create`, `acsauth_store_up 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("the first look shows no %s:\n%s", want, got)
		}
	}
	s.server.kill()
	which, _ := transcript(t, "../docs/runbooks.md", "which resource is set now")
	settings := ""
	for name, value := range changed(productionEnv(), "ACSAUTH_STORE", s.env["ACSAUTH_STORE"], "ACSAUTH_ACS_RESOURCE", "resource-of-today") {
		settings += "export " + name + "='" + value + "'\n"
	}
	got = strings.Join(play(t, settings+strings.ReplaceAll(which, "acsauth ", program+" ")), "\n")
	for _, want := range []string{"resource-of-today", s.env["ACSAUTH_ACS_RESOURCE"], "active"} {
		if !strings.Contains(got, want) {
			t.Errorf("the look at the resource shows no %s:\n%s", want, got)
		}
	}
}
