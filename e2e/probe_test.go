package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// controls are those that the build without controls can switch off, one by one.
var controls = []string{
	"signature", "algorithm", "issuer", "tenant", "audience", "expiry", "not-before", "client", "scope", "guest", "app-only", "id-token",
	"teams-user", "teams-client", "teams-audience", "teams-scope",
}

// buildProgram builds a program of this module.
func buildProgram(t *testing.T, name string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := append(append([]string{"build"}, flags...), "-o", path, "../cmd/"+name)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// tokenFile writes a token as an operator would have it.
func tokenFile(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token.jwt")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type probeReport struct {
	Passed   bool
	Proven   []string
	Results  []struct{ Control, Case, Expected, Got, Verdict string }
	Untested []struct{ Control, Why string }
}

// findings are the controls that something was wrong with.
func (r probeReport) findings() (out []string) {
	for _, x := range r.Results {
		if x.Verdict != "refused" && x.Verdict != "accepted" && x.Verdict != "by another" && !slices.Contains(out, x.Control) {
			out = append(out, x.Control)
		}
	}
	return out
}

// runProbe runs acsauth probe, and returns its report, its exit code and what it wrote.
func runProbe(t *testing.T, program string, args ...string) (probeReport, int, string) {
	t.Helper()
	return reported[probeReport](t, exec.Command(program, append([]string{"probe", "--negative", "--json"}, args...)...))
}

// reported runs a program that prints a report as JSON, and returns the report, the exit code and all that it wrote.
func reported[T any](t *testing.T, cmd *exec.Cmd) (report T, code int, wrote string) {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = e.ExitCode()
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("no report: %v\n%s%s", err, out.String(), stderr.String())
	}
	return report, code, out.String() + stderr.String()
}

// K-11: the prober finds each control that is switched off in the real program, names it and no other, and
// finds nothing if all are on. Every answer comes within a minute.
func TestProbeFindsMissingControls(t *testing.T) {
	uncontrolled, prober := buildProgram(t, "acsauth-dev", "-tags", "uncontrolled"), buildProgram(t, "acsauth")
	emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
	room := make(chan struct{}, 3)
	var wg sync.WaitGroup
	for _, control := range append([]string{""}, controls...) {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run("without "+control, func(t *testing.T) { probeWithout(t, emu, uncontrolled, prober, control) })
		})
	}
	wg.Wait()
}

func probeWithout(t *testing.T, emu *process, uncontrolled, prober, control string) {
	env := maps.Clone(emu.Env)
	env["ACSAUTH_STORE"], env["ACSAUTH_METRICS_LISTEN"] = "sqlite:"+filepath.Join(t.TempDir(), "acsauth.db"), "off"
	env["ACSAUTH_ALLOW_GUESTS"], env["ACSAUTH_LIMIT_USER"] = "false", "off"
	if control != "" {
		env["ACSAUTH_UNCONTROLLED"] = control
	}
	server := launch(t, uncontrolled, env, "serve", "--json")
	if err := server.await(); err != nil {
		server.kill()
		t.Fatalf("%v\n%s", err, server.log)
	}
	began := time.Now()
	r, code, _ := runProbe(t, prober, server.Server, "--emulator", emu.Admin)
	took := time.Since(began)
	if took > time.Minute {
		t.Errorf("it took %v", took)
	}
	want, exit := []string{control}, 1
	if control == "" {
		want, exit = nil, 0
	}
	if got := r.findings(); !slices.Equal(got, want) || code != exit || r.Passed != (control == "") {
		t.Errorf("found %v, exit code %d, passed %v; want %v and %d\n%+v", got, code, r.Passed, want, exit, r.Results)
	}
	for _, c := range controls {
		if proven := slices.Contains(r.Proven, c); proven == (c == control) {
			t.Errorf("%s counts as proven: %v", c, proven)
		}
	}
	t.Logf("%d requests in %v, found %v", len(r.Results), took.Round(time.Millisecond), r.findings())
}

// With nothing but a good token, as in production, the controls that need no other token are proven, the others
// are named as not tested, and a control that is off is found all the same. No token is in the output.
func TestProbeWithOneToken(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	emu, env, _ := startEmulator(t)
	env["ACSAUTH_LIMIT_USER"] = "off"
	server := start(t, env, "serve", "--json")
	token := emu.tokens(t, 1)[0]
	r, code, out := runProbe(t, prober, server.Server, "--token", tokenFile(t, token))
	for _, c := range []string{"signature", "algorithm", "bearer", "cors", "no-store", "route", "admin", "teams-user", "teams-client", "teams-audience", "teams-scope"} {
		if !slices.Contains(r.Proven, c) {
			t.Errorf("%s is not proven", c)
		}
	}
	var untested []string
	for _, u := range r.Untested {
		untested = append(untested, u.Control)
	}
	for _, c := range []string{"issuer", "tenant", "audience", "expiry", "not-before", "id-token", "graph", "client", "guest", "scope", "app-only"} {
		if !slices.Contains(untested, c) {
			t.Errorf("%s is not named as not tested", c)
		}
	}
	if code != 0 || !r.Passed {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, part := range strings.Split(token, ".")[1:] { // the header is the same in every token
		if strings.Contains(out, part) {
			t.Error("a part of the token is in the output")
		}
	}
}

// A server that refuses everything, and one that is not there, do not pass.
func TestProbeNeedsTheGoodRequest(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	emu, env, _ := startEmulator(t)
	env["ACSAUTH_CLIENT_ID"] = "11111111-1111-4111-8111-111111111111" // nobody has a token for this API
	token := emu.tokens(t, 1)[0]
	good := tokenFile(t, token)
	server := start(t, env, "serve", "--json")
	r, code, out := runProbe(t, prober, server.Server, "--token", good)
	if code != 1 || r.Passed || len(r.Proven) > 0 || !slices.Equal(r.findings(), []string{"good"}) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	server.kill()
	if r, code, out := runProbe(t, prober, server.Server, "--token", good, "--timeout", "5s"); code != 1 || r.Passed || len(r.Proven) > 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
