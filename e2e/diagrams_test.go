package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/testkit"
)

// pictured are the calls of store and ACS in the sequence diagrams of docs/overview.md, by "heading: branch".
func pictured(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/overview.md")
	if err != nil {
		t.Fatal(err)
	}
	arrow := regexp.MustCompile(`^S->>(DB|ACS): (\w+)`)
	out := map[string][]string{}
	heading, branch := "", ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			heading, branch = title, ""
		}
		for _, word := range []string{"alt ", "else "} {
			if name, ok := strings.CutPrefix(line, word); ok {
				branch = heading + ": " + name
				out[branch] = nil
			}
		}
		if m := arrow.FindStringSubmatch(line); m != nil {
			out[branch] = append(out[branch], map[string]string{"DB": "store.", "ACS": "acs."}[m[1]]+m[2])
		}
	}
	return out
}

// Each branch of each sequence diagram makes the calls that the picture shows, in this order.
func TestSequenceDiagrams(t *testing.T) {
	t.Parallel()
	collector := testkit.StartCollector(t)
	w := newWorld(t, sqlitePlace, 0)
	w.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.HTTP + "/v1/traces"
	s := w.serve(t)
	mint := func(r emulator.TokenRequest) string {
		t.Helper()
		token, err := w.emu.MintToken(r)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	alice, bob := mint(emulator.TokenRequest{User: "alice"}), mint(emulator.TokenRequest{User: "bob"})
	teams := mint(emulator.TokenRequest{User: "alice", Teams: true})
	branches := map[string]string{} // by trace
	request := func(branch, token, method, path string, header ...string) {
		t.Helper()
		trace := fmt.Sprintf("%032x", len(branches)+1)
		branches[trace] = branch
		header = append(header, "Authorization", "Bearer "+token, "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
		if status, code, _ := ask(t, client, method, s.Server+path, header...); status/100 != 2 {
			t.Fatalf("%s: %d %s", branch, status, code)
		}
	}
	request("getUser: the user has no identity", alice, "POST", "/getUser")
	request("getUser: the user has one", alice, "POST", "/getUser")
	request("getToken: the user has no identity", bob, "POST", "/getToken")
	request("", bob, "POST", "/getToken") // reads the row, and keeps it
	request("getToken: row and token are kept in memory", bob, "POST", "/getToken")
	request("getToken: no fitting token is kept", bob, "GET", "/getToken?scopes=chat")
	request("refreshToken: the row is kept in memory", bob, "POST", "/refreshToken")
	request("exchangeToken: both fit", alice, "POST", "/exchangeToken", "teams-user-aad-token", teams)
	request("revokeTokens: the user has an identity", alice, "POST", "/revokeTokens")
	request("Delete: the user has an identity", alice, "DELETE", "/api/user")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	want, seen := pictured(t), map[string]bool{}
	spans, _ := spansOf(t, collector)
	for trace, branch := range branches {
		if branch == "" {
			continue
		}
		seen[branch] = true
		var calls []string
		for _, line := range strings.Fields(treeOf(spans, trace)) {
			if strings.HasPrefix(line, "store.") || strings.HasPrefix(line, "acs.") {
				calls = append(calls, strings.Replace(line, "createIdentityAndToken", "createIdentity", 1))
			}
		}
		if _, ok := want[branch]; !ok || !slices.Equal(calls, want[branch]) {
			t.Errorf("%s: the service calls %v, the picture shows %v", branch, calls, want[branch])
		}
	}
	for branch := range want {
		if !seen[branch] {
			t.Errorf("the branch %q is not tested", branch)
		}
	}
}
