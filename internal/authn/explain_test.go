package authn_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/google/go-cmp/cmp"
)

var updateExplain = flag.Bool("update-explain", false, "write testdata/explain.golden anew")

type mistake struct {
	name string
	base *token
	edit edit
	code string
}

// tenMistakes are the commonest ones, as client developers make them, and a good token before them.
func tenMistakes() []mistake {
	now := time.Now().Unix()
	return []mistake{
		{"a good token", baseV2(), nil, ""},
		{"a v1 token for a registration that says 2.0", baseV1(), set("ver", "2.0"), "token_version"},
		{"api:// where a v2 token has the client id", baseV2(), set("aud", apiURI), "token_audience"},
		{"the ID token sent", baseV2(), all(del("scp", "azp", "azpacr"), set("aud", spaID), set("nonce", "n")), "token_is_id_token"},
		{"the token for Microsoft Graph sent", baseV1(), all(set("aud", "https://graph.microsoft.com"), hset("nonce", "x"), set("scp", "User.Read profile")), "token_for_graph"},
		{"the scope of this API not requested", baseV2(), set("scp", "profile User.Read"), "token_scope"},
		{"client credentials in place of a user", baseV2(), all(del("scp"), set("idtyp", "app"), set("roles", []string{"Calls.Make"})), "token_app_only"},
		{"signed in at another tenant", baseV2(), all(set("tid", tenantX), set("iss", publicHost+"/"+tenantX+"/v2.0")), "token_tenant"},
		{"the clock of the server 5 minutes slow", baseV2(), all(set("iat", now+300), set("nbf", now+300), set("exp", now+3900)), "token_not_yet_valid"},
		{"a token kept too long", baseV2(), all(set("iat", now-7200), set("nbf", now-7200), set("exp", now-3600)), "token_expired"},
		{"signed in at another cloud", baseV2(), set("iss", "https://login.microsoftonline.us/"+tenantA+"/v2.0"), "token_issuer"},
		{"a personal account", baseV2(), all(set("tid", consumers), set("iss", publicHost+"/"+consumers+"/v2.0")), "token_tenant"},
	}
}

func TestExplainTenMistakes(t *testing.T) {
	var b strings.Builder
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(plainWorld()))
		for _, m := range tenMistakes() {
			jwt := mint(m.base, m.edit)
			r := v.Explain(t.Context(), jwt, authn.ExplainOptions{})
			_, code, _ := outcome(v, jwt)
			if r.Code != m.code || r.Code != code {
				t.Errorf("%s: %q, want %q; the service says %q", m.name, r.Code, m.code, code)
			}
			fmt.Fprintf(&b, "## %s\n", m.name)
			writeReport(&b, r)
		}
	})
	const path = "testdata/explain.golden"
	if *updateExplain {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("-want +got; -update-explain writes it anew\n%s", d)
	}
}

func writeReport(b *strings.Builder, r authn.Report) {
	fmt.Fprintf(b, "code %q, verified %v, issuer %s\n", r.Code, r.Verified, r.Issuer)
	var skipped []string
	for _, s := range r.Steps {
		switch s.State {
		case authn.StepSkipped:
			skipped = append(skipped, s.Rule)
		case authn.StepFailed:
			fmt.Fprintf(b, "FAILED %s (%s)\n  expected %s\n  found    %s\n  %s\n", s.Rule, s.Code, s.Expected, s.Found, s.Hint)
		}
	}
	if skipped != nil {
		fmt.Fprintf(b, "skipped %s\n", strings.Join(skipped, " "))
	}
	b.WriteString("\n")
}

// Explain says the same as the service about every token of the corpus, and never shows who it is about.
func TestExplainAgreesWithVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(corpusWorld()))
		exhaust(t, v)
		n := 0
		for _, c := range attackWorld().Cases() {
			jwt := attackWorld().Bad(c)
			_, code, _ := outcome(v, jwt)
			r := v.Explain(t.Context(), jwt, authn.ExplainOptions{})
			if r.Code != code {
				t.Errorf("%s: explained as %q, refused with %q", c, r.Code, code)
			}
			if r.Verified && (code == "token_signature" || code == "token_key_unknown") {
				t.Errorf("%s: verified", c)
			}
			text := fmt.Sprint(r)
			for _, secret := range []string{alice, "alice@", "Alice", "AAAA-pairwise"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the report shows %s", c, secret)
				}
			}
			n++
		}
		t.Logf("%d tokens", n)
	})
}

func TestExplainOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := plainWorld()
		v := newVerifier(t, options(a))
		r := v.Explain(t.Context(), mint(baseV2(), by(keyRing()[3])), authn.ExplainOptions{Offline: true})
		if r.Code != "" || r.Verified || a.count() != 0 {
			t.Errorf("%+v, %d requests", r, a.count())
		}
		app := mint(baseV2(), del("scp"), set("roles", []string{"Identities.Read"}))
		for admin, want := range map[bool]string{true: "", false: "token_app_only"} {
			if r := v.Explain(t.Context(), app, authn.ExplainOptions{Offline: true, Admin: admin}); r.Code != want {
				t.Errorf("admin %v: %q, want %q", admin, r.Code, want)
			}
		}
		if r := v.Explain(t.Context(), "rubbish", authn.ExplainOptions{}); r.Code != "token_invalid" || len(r.Claims) != 0 || len(r.Steps) < 20 {
			t.Errorf("%+v", r)
		}
		// Several faults at once are all named, the first one first.
		r = v.Explain(t.Context(), mint(baseV2(), set("azp", strangerID), set("scp", "x"), set("tid", tenantX)), authn.ExplainOptions{Offline: true})
		var failed []string
		for _, s := range r.Steps {
			if s.State == authn.StepFailed {
				failed = append(failed, s.Rule)
			}
		}
		if got := strings.Join(failed, " "); got != "tenant client scope" || r.Code != "token_tenant" {
			t.Errorf("%s, %s", got, r.Code)
		}
	})
}
