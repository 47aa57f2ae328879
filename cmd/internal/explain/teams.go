package explain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
)

// teamsRules are the rules of the service's filter, by the code of their failure.
var teamsRules = [...]struct{ rule, code string }{
	{"form", "teams_token_invalid"}, {"audience", "teams_token_audience"}, {"times", "teams_token_expired"}, {"tenant", "teams_token_tenant"},
	{"user", "teams_token_user"}, {"client", "teams_token_client"}, {"scope", "teams_token_scope"},
}

// judgeTeams asks the service's own filter. It stops at the first rule that fails;
// so what failed is put right and the filter asked once more, until nothing fails.
// The filter checks no signature, which is what makes this possible: ACS does.
func (a *answer) judgeTeams(v *authn.Verifier, cfg *config.Config, token string) {
	a.Verdict, a.Offline = accepted, true
	a.Notes = append(a.Notes, "Whether it is the caller's own was not checked: that needs the other token. The signature is checked by ACS, not here.")
	l, ok := readLoose(token)
	if ok {
		a.Claims = safe(l)
	}
	i := issuerFor(cfg, l)
	a.Issuer = i.Name
	caller := acsauth.Caller{Issuer: i.Name, Tenant: tenantFor(i, l), Kind: acsauth.User, Key: acsauth.UserKey{Subject: strings.ToLower(l.text("oid"))}}
	found := map[string]*acsauth.Error{}
	for range teamsRules {
		_, err := v.CheckTeams(caller, token)
		e, isOurs := errors.AsType[*acsauth.Error](err)
		if !isOurs || found[e.Code] != nil {
			break
		}
		if found[e.Code] = e; a.Code == "" {
			a.refuse(e.Code, e.Expected, e.Found, e.Hint)
		}
		if e.Code == "teams_not_configured" || e.Code == "teams_token_invalid" {
			break
		}
		token = repaired(token, i, caller, e.Code)
	}
	a.teamsSteps(found)
}

func (a *answer) teamsSteps(found map[string]*acsauth.Error) {
	for _, r := range teamsRules {
		s := step{Rule: "teams-" + r.rule, State: authn.StepOK}
		if e := found[r.code]; e != nil {
			s = step{s.Rule, authn.StepFailed, e.Code, e.Expected, e.Found, e.Hint}
		} else if r.rule == "user" || found["teams_not_configured"] != nil || found["teams_token_invalid"] != nil {
			s.State = authn.StepSkipped
		}
		a.Steps = append(a.Steps, s)
	}
}

// issuerFor is the issuer whose callers this token would be exchanged for.
func issuerFor(cfg *config.Config, l loose) config.Issuer {
	all := cfg.AllIssuers()
	for _, i := range all {
		if i.Kind == config.KindEntra && (i.AnyTenant || slices.Contains(i.Tenants, strings.ToLower(l.text("tid")))) {
			return i
		}
	}
	return all[0]
}

// tenantFor is the tenant that callers are of: the token's own, if it may be.
func tenantFor(i config.Issuer, l loose) string {
	tid := strings.ToLower(l.text("tid"))
	if i.AnyTenant || len(i.Tenants) == 0 || slices.Contains(i.Tenants, tid) {
		return tid
	}
	return i.Tenants[0]
}

// repaired is the token with one fault put right.
func repaired(token string, i config.Issuer, caller acsauth.Caller, code string) string {
	l, ok := readLoose(token)
	if !ok {
		return token
	}
	switch code {
	case "teams_token_audience":
		l.claims["aud"] = acsAudience
	case "teams_token_expired":
		l.claims["exp"] = time.Now().Add(time.Hour).Unix()
	case "teams_token_tenant":
		l.claims["tid"] = caller.Tenant
	case "teams_token_client":
		delete(l.claims, "azp")
		l.claims["appid"] = slices.Concat(i.TeamsClients, i.Clients)[0]
	case "teams_token_scope":
		l.claims["scp"] = "Teams.ManageCalls Teams.ManageChats"
	}
	b, err := json.Marshal(l.claims)
	if err != nil {
		return token
	}
	parts := strings.Split(token, ".")
	parts[1] = base64.RawURLEncoding.EncodeToString(b)
	return strings.Join(parts, ".")
}
