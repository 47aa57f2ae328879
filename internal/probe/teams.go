package probe

import (
	"cmp"
	"time"
)

// acsAudience is what Teams tokens are for (learn.microsoft.com, Teams identity interoperability).
const acsAudience = "https://auth.msft.communication.azure.com"

// rejected is the code of a Teams token that the server let through and ACS refused.
const rejected = "teams_token_rejected"

// madeUpTeams is a Teams token for the good token's user that nobody signed. The
// server's filter does not check the signature, since ACS does; so it must pass
// the filter, and be refused by ACS.
func madeUpTeams(good token, now time.Time) token {
	t := token{
		header: map[string]any{"typ": "JWT", "alg": "RS256", "kid": "probe"},
		claims: map[string]any{
			"aud": acsAudience, "iss": good.text("iss"), "tid": good.text("tid"), "oid": good.text("oid"), "sub": "probe",
			"appid": cmp.Or(good.text("azp"), good.text("appid")), "scp": "Teams.ManageCalls Teams.ManageChats", "ver": "1.0",
			"iat": now.Unix() - 60, "nbf": now.Unix() - 60, "exp": now.Unix() + 3600,
		},
	}
	t.parts = [3]string{encode(t.header), encode(t.claims), b64(make([]byte, 256))}
	return t
}

// goodTeams is the Teams token that must pass the filter.
func goodTeams(good token, given string) (testCase, token) {
	if given == "" {
		t := madeUpTeams(good, time.Now())
		k := testCase{control: goodControl, name: "a made-up Teams token gets to ACS", req: exchanging(good.compact(), t.compact()), good: []string{"403 " + rejected}}
		return k, t
	}
	t, _ := parse(given) // Validate parsed it
	return testCase{control: goodControl, name: "the Teams token", req: exchanging(good.compact(), given), good: []string{"200"}, check: notCached}, t
}

// teamsCases change the Teams token in one way each. The signature does not matter to the filter.
func teamsCases(good, teams token) []testCase {
	edited := func(control, name, code string, change map[string]any) testCase {
		k := refused(control, name, exchanging(good.compact(), teams.with(change).compact()), 403, code)
		k.open = []string{rejected}
		return k
	}
	name := "appid"
	if _, ok := teams.claims["azp"]; ok {
		name = "azp"
	}
	unsigned := teams.headed(map[string]any{"alg": "none"})
	out := []testCase{
		refused("teams-form", "no Teams token", exchanging(good.compact(), ""), 400, "teams_token_missing"),
		refused("teams-form", "not a token", exchanging(good.compact(), "probe"), 400, "teams_token_invalid"),
		refused("teams-form", "alg none", exchanging(good.compact(), unsigned.compact()), 400, "teams_token_invalid"),
		edited("teams-audience", "for Microsoft Graph", "teams_token_audience", map[string]any{"aud": "https://graph.microsoft.com"}),
		edited("teams-audience", "for this API", "teams_token_audience", map[string]any{"aud": good.claims["aud"]}),
		edited("teams-times", "expired", "teams_token_expired", map[string]any{"exp": time.Now().Unix() - 3600}),
		edited("teams-user", "of another user", "teams_token_user", map[string]any{"oid": newGUID()}),
		edited("teams-user", "of no user", "teams_token_user", map[string]any{"oid": nil}),
		edited("teams-user", "of another tenant", "teams_token_tenant", map[string]any{"tid": newGUID()}),
		edited("teams-client", "of another client", "teams_token_client", map[string]any{name: newGUID()}),
		edited("teams-scope", "without scopes", "teams_token_scope", map[string]any{"scp": nil}),
		edited("teams-scope", "with one scope of two", "teams_token_scope", map[string]any{"scp": "Teams.ManageCalls"}),
	}
	return out
}
