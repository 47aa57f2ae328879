package explain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	tenant = "11aa22bb-0000-4000-8000-000000000001"
	api    = "11aa22bb-0000-4000-8000-000000000002"
	client = "11aa22bb-0000-4000-8000-000000000003"
	oid    = "11aa22bb-0000-4000-8000-0000000000ff"
)

type claims = map[string]any

// unsigned makes a token in the form of RS256.
func unsigned(t *testing.T, c claims) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(claims{"alg": "RS256", "typ": "JWT", "kid": "k"}) + "." + part(c) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256))
}

func userClaims(change claims) claims {
	now := time.Now().Unix()
	c := claims{
		"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0", "aud": api, "tid": tenant, "oid": oid, "sub": "s", "ver": "2.0", "azp": client,
		"scp": "access_as_user", "iat": now, "nbf": now, "exp": now + 3600,
	}
	for k, v := range change {
		c[k] = v
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

// explained runs the command and returns what it says, and its exit code.
func explained(t *testing.T, token string, f Flags, settings ...string) (answer, string, error) {
	t.Helper()
	var text, asJSON strings.Builder
	environ := append([]string{"ACSAUTH_TENANT_IDS=" + tenant, "ACSAUTH_CLIENT_ID=" + api, "ACSAUTH_ALLOWED_CLIENTS=" + client}, settings...)
	o := Options{Flags: f, Sources: config.Sources{Environ: environ}, Mode: config.Development, AllowLoopback: true}
	for _, out := range []*strings.Builder{&text, &asJSON} {
		o.JSON, o.In = out == &asJSON, strings.NewReader(token)
		err := Run(cli.Call{Context: t.Context(), Stdout: out, Stderr: io.Discard}, o)
		if err != nil && out.Len() == 0 {
			return answer{}, "", err
		}
	}
	var a answer
	if err := json.Unmarshal([]byte(asJSON.String()), &a); err != nil {
		t.Fatal(err)
	}
	for _, bad := range append(strings.Split(token, "."), oid) {
		if len(bad) > 8 && strings.Contains(text.String()+asJSON.String(), bad) {
			t.Errorf("printed: %.20s", bad)
		}
	}
	return a, text.String(), nil
}

// All faults of a token are shown, and the first one decides.
func TestSeveralFaults(t *testing.T) {
	a, text, err := explained(t, unsigned(t, userClaims(claims{"aud": "api://other", "azp": oid[:35] + "e", "exp": time.Now().Unix() - 600, "iat": time.Now().Unix() - 4000, "nbf": nil})), Flags{Offline: true})
	if err != nil || a.Verdict != refused || a.Code != "token_expired" || len(a.failed()) != 3 || a.Verified || !a.Offline {
		t.Errorf("%v %+v", err, a)
	}
	if !strings.Contains(text, "3 rules fail; this is the first one") || a.Setting != "" {
		t.Error(text)
	}
}

func TestOfflineIsNoProof(t *testing.T) {
	a, text, err := explained(t, unsigned(t, userClaims(nil)), Flags{Offline: true})
	if err != nil || a.Verdict != accepted || a.Verified || !strings.HasPrefix(text, "This token would be accepted if its signature is good, which was not checked.") {
		t.Errorf("%v %s", err, text)
	}
}

// Without keys there is no verdict.
func TestNoKeys(t *testing.T) {
	c := userClaims(claims{"iss": "http://127.0.0.1:1/" + tenant + "/v2.0"})
	a, text, err := explained(t, unsigned(t, c), Flags{}, "ACSAUTH_AUTHORITY_HOST=http://127.0.0.1:1")
	if err != nil || a.Verdict != unknown || a.Code != keysUnavailable || !strings.HasPrefix(text, "This token cannot be judged: keys_unavailable.") {
		t.Errorf("%v %s", err, text)
	}
}

// The filter for Teams tokens is asked until nothing fails any more.
func TestTeams(t *testing.T) {
	right := userClaims(claims{"aud": acsAudience, "ver": "1.0", "appid": client, "azp": nil, "scp": "Teams.ManageCalls Teams.ManageChats"})
	with := func(change claims) string {
		c := claims{}
		for k, v := range right {
			c[k] = v
		}
		for k, v := range change {
			c[k] = v
		}
		return unsigned(t, c)
	}
	for name, k := range map[string]struct {
		token    string
		settings []string
		codes    string
	}{
		"right":     {with(nil), nil, ""},
		"audience":  {with(claims{"aud": api}), nil, "teams_token_audience"},
		"expired":   {with(claims{"exp": time.Now().Unix() - 60}), nil, "teams_token_expired"},
		"tenant":    {with(claims{"tid": client}), nil, "teams_token_tenant"},
		"client":    {with(claims{"appid": api}), nil, "teams_token_client"},
		"scope":     {with(claims{"scp": "Teams.ManageChats"}), nil, "teams_token_scope"},
		"no oid":    {with(claims{"oid": "x"}), nil, "teams_token_user"},
		"four":      {with(claims{"aud": api, "exp": 1, "appid": api, "scp": "x"}), nil, "teams_token_audience teams_token_expired teams_token_client teams_token_scope"},
		"a program": {with(claims{"appid": api}), []string{"ACSAUTH_TEAMS_CLIENTS=" + api}, ""},
		"any":       {with(nil), []string{"ACSAUTH_ALLOWED_CLIENTS=*"}, "!teams_not_configured"},
		"no JWT":    {"a.b.c", nil, "teams_token_invalid"},
	} {
		a, text, err := explained(t, k.token, Flags{Teams: true}, k.settings...)
		var codes []string
		for _, s := range a.failed() {
			codes = append(codes, s.Code)
		}
		want, only := strings.CutPrefix(k.codes, "!") // it is no rule of the token
		if err != nil || !only && strings.Join(codes, " ") != want || a.Code != strings.Split(want+" ", " ")[0] || (want == "") != (a.Verdict == accepted) {
			t.Errorf("%s: %v %v\n%s", name, err, codes, text)
		}
	}
}

// Faults of settings that decide about tokens stop it, also in the file of issuers; those of others do not.
func TestFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(file, []byte(`{"issuers":[{"name":"x","kind":"magic"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	token := unsigned(t, userClaims(nil))
	for setting, stops := range map[string]bool{
		"ACSAUTH_ISSUERS=" + file: true, "ACSAUTH_TENANT_IDS=x": true, "ACSAUTH_SCOPE=a b": true, "ACSAUTH_STORE=stone:x": false, "ACSAUTH_ACS_ENDPOINT=x": false,
	} {
		if _, _, err := explained(t, token, Flags{Offline: true}, setting); (err != nil) != stops {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestReadToken(t *testing.T) {
	for in, want := range map[string]string{"a.b.c\n": "a.b.c", "  a.b.c\r\n": "a.b.c", "Bearer a.b.c": "a.b.c", "bearer  a.b.c": "a.b.c", strings.Repeat("a", maxToken): strings.Repeat("a", maxToken)} {
		got, notes, err := readToken(strings.NewReader(in))
		if err != nil || got != want || (len(notes) > 0) != (strings.HasPrefix(in, " ") || strings.Contains(in, "earer")) {
			t.Errorf("%.20q: %.20q %v %v", in, got, notes, err)
		}
	}
	for _, in := range []string{"", " \n", "Bearer ", strings.Repeat("a", maxToken+1), strings.Repeat("a", 1<<20)} {
		if _, _, err := readToken(strings.NewReader(in)); err == nil {
			t.Errorf("%.20q is taken", in)
		}
	}
	if _, _, err := readToken(failing{}); err == nil {
		t.Error("a read that fails is taken")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }
