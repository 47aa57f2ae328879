package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// positiveReport is what acsauth probe --json prints.
type positiveReport struct {
	Passed  bool
	Results []struct {
		Control, Case, Expected, Got, Verdict string
		Seconds                               float64
	}
	Untested []struct{ Control, Why string }
}

// findings are the checks that something was wrong with.
func (r positiveReport) findings() (out []string) {
	for _, x := range r.Results {
		if x.Verdict != "accepted" && x.Verdict != "refused" && !slices.Contains(out, x.Control) {
			out = append(out, x.Control)
		}
	}
	return out
}

// runPositive runs acsauth probe, and returns its report, its exit code and what it wrote.
func runPositive(t *testing.T, program string, args ...string) (positiveReport, int, string) {
	t.Helper()
	return reported[positiveReport](t, exec.Command(program, append([]string{"probe", "--json"}, args...)...))
}

const appOrigin = "https://app.example"

// probed is a world with a service in it that has all that the prober can look at.
func probed(t *testing.T) (*world, *process) {
	t.Helper()
	w := newWorld(t, sqlitePlace, 1)
	w.env["ACSAUTH_PUBLIC_URL"], w.env["ACSAUTH_ALLOWED_ORIGINS"] = "https://acsauth.example", appOrigin
	return w, w.serve(t)
}

// A healthy server passes, with every check looked at, and the metrics say so. No token is in the output.
func TestProbePassesAHealthyServer(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	w, server := probed(t)
	file := filepath.Join(t.TempDir(), "probe.prom")
	r, code, out := runPositive(t, prober, server.Server, "--token", tokenFile(t, w.tokens[0]), "--origin", appOrigin, "--metrics", file)
	if code != 0 || !r.Passed || len(r.findings()) > 0 || len(r.Untested) > 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, check := range []string{"credential", "livez", "readyz", "get-user", "get-token", "refresh-token", "life", "no-store", "bad-token", "metadata", "cors"} {
		if !strings.Contains(out, `"control":"`+check+`"`) {
			t.Errorf("%s was not looked at", check)
		}
	}
	if strings.Contains(out, "eyJ") {
		t.Error("a token is in the output")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(text))
	for _, line := range []string{`acsauth_probe_success{mode="positive"} 1`, `acsauth_probe_check_success{mode="positive",check="refresh-token"} 1`, `acsauth_probe_check_success{mode="positive",check="cors"} 1`} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".acsauth-probe-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	without, code, _ := runPositive(t, prober, server.Server, "--token-command", "cat "+tokenFile(t, w.tokens[0]))
	if code != 0 || len(without.Untested) != 1 || without.Untested[0].Control != "cors" {
		t.Errorf("exit code %d, %v", code, without.Untested)
	}
}

// wellFormed checks the text format of Prometheus line by line.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	form := regexp.MustCompile(`^(# HELP \w+ .+|# TYPE \w+ gauge|acsauth_probe_\w+\{mode="(positive|negative)"(,check="[a-z-]+")?\} [0-9.]+)$`)
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if !form.MatchString(line) {
			t.Errorf("%q is not a line of the format", line)
		}
	}
	for _, name := range []string{"success", "duration_seconds", "last_run_timestamp_seconds", "check_success"} {
		if !strings.Contains(text, "\nacsauth_probe_"+name+"{") {
			t.Errorf("no acsauth_probe_%s", name)
		}
	}
}

// What is broken is named, and nothing else.
func TestProbeFindsABrokenServer(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	w, server := probed(t)
	good := tokenFile(t, w.tokens[0])
	want := func(name string, code int, r positiveReport, out string, checks ...string) {
		t.Helper()
		if code != 1 || r.Passed || !slices.Equal(r.findings(), checks) {
			t.Errorf("%s: exit code %d, found %v, want %v\n%s", name, code, r.findings(), checks, out)
		}
	}
	if r, code, out := runPositive(t, prober, server.Server, "--token", good); code != 0 {
		t.Fatalf("it is not healthy to begin with: %v\n%s", r.findings(), out)
	}
	if err := w.emu.AddFault("issue", -1, emulator.Fault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	r, code, out := runPositive(t, prober, server.Server, "--token", good)
	want("ACS is down", code, r, out, "refresh-token") // the token that is kept is still handed out, and rightly
	w.emu.ClearFaults()

	r, code, out = runPositive(t, prober, server.Server, "--token", good, "--origin", "https://evil.example")
	want("an origin that is not allowed", code, r, out, "cors")

	expired, err := w.emu.MintToken(emulator.TokenRequest{Flaw: emulator.FlawExpired})
	if err != nil {
		t.Fatal(err)
	}
	r, code, out = runPositive(t, prober, server.Server, "--token", tokenFile(t, expired))
	want("an expired token of the prober", code, r, out, "credential")

	wrong, err := w.emu.MintToken(emulator.TokenRequest{Flaw: emulator.FlawAudience})
	if err != nil {
		t.Fatal(err)
	}
	r, code, out = runPositive(t, prober, server.Server, "--token", tokenFile(t, wrong))
	want("a good user is refused", code, r, out, "get-user", "get-token", "refresh-token")

	for name, c := range map[string]struct {
		change func(*http.Response)
		check  []string
	}{
		"a cache in front":        {func(res *http.Response) { res.Header.Set("Cache-Control", "max-age=60") }, []string{"no-store"}},
		"another user's token":    {replaceIn("/getToken", `"8:acs:[^"]+"`, `"8:acs:x_y"`), []string{"get-token"}},
		"no token in it":          {replaceIn("/refreshToken", `"token":"[^"]+"`, `"token":""`), []string{"refresh-token"}},
		"a life that is too long": {replaceIn("/refreshToken", `"expiresOnTimestamp":\d+`, `"expiresOnTimestamp":4102444800000`), []string{"refresh-token", "life"}},
		"metadata of another":     {replaceIn("/.well-known/oauth-authorization-server", `"issuer":"[^"]+"`, `"issuer":"https://evil.example"`), []string{"metadata"}},
	} {
		at, err := url.Parse(server.Server)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(at)
		proxy.ModifyResponse = func(res *http.Response) error { c.change(res); return nil }
		front := httptest.NewServer(proxy)
		r, code, out = runPositive(t, prober, front.URL, "--token", good)
		front.Close()
		want(name, code, r, out, c.check...)
	}
	server.kill()
	r, code, out = runPositive(t, prober, server.Server, "--token", good, "--timeout", "5s")
	want("nobody there", code, r, out, "livez", "readyz", "get-user", "get-token", "refresh-token", "bad-token", "metadata")
}

// replaceIn changes the answers of one path.
func replaceIn(path, pattern, by string) func(*http.Response) {
	form := regexp.MustCompile(pattern)
	return func(res *http.Response) {
		if res.Request.URL.Path != path {
			return
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return
		}
		body = form.ReplaceAll(body, []byte(by))
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		res.Header.Del("Content-Length")
	}
}

// A server that lets in a token that nobody signed well is found by the positive side, too.
func TestProbeFindsThatABadTokenIsLetIn(t *testing.T) {
	uncontrolled, prober := buildProgram(t, "acsauth-dev", "-tags", "uncontrolled"), buildProgram(t, "acsauth")
	w, _ := probed(t)
	w.env["ACSAUTH_STORE"], w.env["ACSAUTH_UNCONTROLLED"] = "sqlite:"+filepath.Join(t.TempDir(), "b.db"), "signature"
	server := launch(t, uncontrolled, w.env, "serve", "--json")
	if err := server.await(); err != nil {
		t.Fatalf("%v\n%s", err, server.log)
	}
	r, code, out := runPositive(t, prober, server.Server, "--token", tokenFile(t, w.tokens[0]))
	if code != 1 || !slices.Equal(r.findings(), []string{"bad-token"}) || !strings.Contains(out, "LET IN") {
		t.Errorf("exit code %d, %v\n%s", code, r.findings(), out)
	}
}

// As a black-box prober it serves its metrics until SIGTERM, and reads the token anew for each round.
func TestProbeServesMetrics(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	w, server := probed(t)
	cmd := exec.Command(prober, "probe", server.Server, "--token", tokenFile(t, w.tokens[0]), "--every", "10s", "--metrics-listen", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	where, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n') // the round is over, and its metrics are shown
	if err != nil || !strings.Contains(line, ": pass; ") {
		t.Errorf("%v %q", err, line)
	}
	at := strings.TrimSpace(strings.TrimPrefix(where, "metrics at "))
	res, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("%v %v", err, res.Header)
	}
	wellFormed(t, string(text))
	if !strings.Contains(string(text), "acsauth_probe_success{mode=\"positive\"} 1\n") {
		t.Errorf("%s", text)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// The negative side has metrics, too, under the names of the controls.
func TestProbeMetricsOfTheNegativeSide(t *testing.T) {
	prober := buildProgram(t, "acsauth")
	w, server := probed(t)
	file := filepath.Join(t.TempDir(), "probe.prom")
	if r, code, out := runProbe(t, prober, server.Server, "--token", tokenFile(t, w.tokens[0]), "--metrics", file); code != 0 {
		t.Fatalf("%v\n%s", r.findings(), out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(text))
	if !strings.Contains(string(text), `acsauth_probe_check_success{mode="negative",check="signature"} 1`) {
		t.Errorf("%s", text)
	}
}
