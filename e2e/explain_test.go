package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shown is a command in docs/explain.md, and what the page says it prints.
type shown struct {
	command string
	output  string
	whole   bool // all of the output, not just its first part
}

// shownCommands reads the page.
func shownCommands(t *testing.T) (out []shown) {
	t.Helper()
	text, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```console\n$ ")[1:] {
		block, _, _ = strings.Cut(block, "```")
		command, output, _ := strings.Cut(block, "\n")
		out = append(out, shown{command, output, strings.Contains(output, "\n\n")})
	}
	return out
}

// What differs from run to run.
var (
	someTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	someLife = regexp.MustCompile(`(\d+ h )?\d+ min`)
	someKid  = regexp.MustCompile(`kid +'[^']*'`)
)

func normal(text, base string) string {
	text = strings.ReplaceAll(text, base, "http://127.0.0.1:8081")
	text = someTime.ReplaceAllString(text, "TIME")
	text = someLife.ReplaceAllString(text, "LIFE")
	return someKid.ReplaceAllString(text, "kid 'KID'")
}

// pipe runs token | explain against an emulator, and returns output, exit code and the token.
func pipe(t *testing.T, base, production, command string) (output string, code int, token string) {
	t.Helper()
	mint, explain, _ := strings.Cut(command, " | ")
	made, err := exec.Command(devBinary, append(strings.Fields(mint)[1:], "--authority", base)...).Output()
	if err != nil {
		t.Fatalf("%s: %v", mint, err)
	}
	args := strings.Fields(explain)
	program, more := production, args[1:]
	if args[0] == "acsauth-dev" {
		program, more = devBinary, append(args[1:], "--authority", base)
	}
	cmd := exec.Command(program, more...)
	cmd.Stdin = bytes.NewReader(made)
	out, err := cmd.CombinedOutput()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = e.ExitCode(), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), code, strings.TrimSpace(string(made))
}

// Every command of docs/explain.md prints what the page shows: the ten commonest mistakes among them. No token
// and no personal data is printed.
func TestExplainPage(t *testing.T) {
	production := buildProgram(t, "acsauth")
	emu := start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
	codes := map[string]bool{}
	for _, s := range shownCommands(t) {
		got, code, token := pipe(t, emu.ACS, production, s.command)
		if code != 1 {
			t.Errorf("%s: exit code %d", s.command, code)
		}
		shown := got
		if !s.whole {
			shown, _, _ = strings.Cut(got, "\n\n")
			shown = strings.TrimRight(shown, "\n") + "\n"
		}
		if want, got := normal(s.output, "http://127.0.0.1:8081"), normal(shown, emu.ACS); want != got {
			t.Errorf("%s prints\n%s\nthe page says\n%s", s.command, got, want)
		}
		noSecrets(t, s.command, got, token)
		codes[strings.Fields(strings.ReplaceAll(got, ".", " "))[5]] = true
	}
	for _, want := range []string{
		"token_is_id_token", "token_for_graph", "token_audience", "token_scope", "token_expired", "token_not_yet_valid", "token_tenant", "token_client", "token_app_only",
		"token_kind", "teams_token_scope",
	} {
		if !codes[want] {
			t.Errorf("the page shows no %s", want)
		}
	}
}

// noSecrets looks for the token and for what names alice.
func noSecrets(t *testing.T, command, output, token string) {
	t.Helper()
	for _, bad := range append(strings.Split(token, "."), "ac5a0000-0000-4000-a000-0000000a11ce", "alice", "Alice", "Adams", "acsauth.example") {
		if bad != "" && strings.Contains(output, bad) {
			t.Errorf("%s prints %.20s", command, bad)
		}
	}
}

// A good token is accepted, online with its signature checked; the answer is the same as that of the server.
func TestExplainAgreesWithTheServer(t *testing.T) {
	all := start(t, map[string]string{"ACSAUTH_ALLOW_GUESTS": "false", "ACSAUTH_LIMIT_USER": "off"}, "all", "--json", "--listen", "127.0.0.1:0")
	for _, flags := range [][]string{
		nil, {"--token-version", "1.0"}, {"--flaw", "audience"}, {"--flaw", "issuer"}, {"--flaw", "longLived"}, {"--flaw", "noTenantID"},
		{"--flaw", "noObjectID"}, {"--flaw", "noScope"}, {"--flaw", "unknownKey"}, {"--flaw", "foreignKey"}, {"--flaw", "signature"}, {"--flaw", "algNone"},
		{"--flaw", "algHS256"}, {"--flaw", "noKeyID"}, {"--flaw", "idClaims"}, {"--flaw", "appOnly"}, {"--flaw", "expired"}, {"--flaw", "tenant"}, {"--user", "gail"},
	} {
		command := strings.Join(append([]string{"acsauth-dev token"}, flags...), " ")
		t.Setenv("ACSAUTH_ALLOW_GUESTS", "false")
		out, exit, token := pipe(t, all.ACS, "", command+" | acsauth-dev explain --json")
		var p struct{ Code string }
		status, err := call("GET", all.Server+"/api/user", token, nil, &p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Code == "identity_not_found" {
			p.Code = ""
		}
		says := `"code": "` + p.Code + `"`
		if (p.Code == "") != (exit == 0) || p.Code != "" && !strings.Contains(out, says) || p.Code == "" && !strings.Contains(out, `"verified": true`) {
			t.Errorf("%s: the server says %d %s, explain (exit %d):\n%s", command, status, p.Code, exit, out)
		}
		if !slices.Contains(flags, "gail") {
			noSecrets(t, command, out, token)
		}
	}
}
