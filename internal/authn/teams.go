package authn

import (
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// teamsLead is how long a Teams token must still live: the exchange takes a while.
const teamsLead = time.Minute

// CheckTeams filters a Teams user's token before it is sent to ACS for exchange:
// audience, times, user, tenant, client and scopes. It does not check the
// signature. The token is for an API of Microsoft, which alone can judge it. The
// codes are those that begin with teams_; the token is the zero value if there is an error.
func (v *Verifier) CheckTeams(caller acsauth.Caller, token string) (acsauth.TeamsToken, error) {
	t, e := v.checkTeams(caller, token)
	if e != nil {
		e.Op = "authn.CheckTeams"
		return acsauth.TeamsToken{}, e
	}
	return t, nil
}

const teamsScopeHint = "Request the scopes https://auth.msft.communication.azure.com/Teams.ManageCalls and " +
	"https://auth.msft.communication.azure.com/Teams.ManageChats in the client, for the user who is signed in."

func (v *Verifier) checkTeams(caller acsauth.Caller, token string) (acsauth.TeamsToken, *acsauth.Error) {
	k := &teamsCheck{caller: caller, now: v.opt.Now(), iss: v.issuerNamed(caller.Issuer)}
	switch {
	case token == "":
		return acsauth.TeamsToken{}, mismatch(teamsMissing, "a Teams user's access token", "none", "There is no Teams token.",
			"Send the Teams user's access token in the header teams-user-aad-token.")
	case k.iss == nil:
		return acsauth.TeamsToken{}, mismatch(teamsTenant, "a caller of this API", "another one", "The caller is of no issuer of this API.", "Send a token for this API in Authorization.")
	case k.iss.teams == nil:
		return acsauth.TeamsToken{}, refuse(teamsNotConfigured, "This server knows no client whose Teams tokens it may exchange.",
			"Operator: set the Teams clients of this server.")
	}
	var e *acsauth.Error
	if k.c, e = readTeams(token); e != nil {
		return acsauth.TeamsToken{}, e
	}
	for _, s := range teamsSteps {
		if uncontrolled(s.rule) {
			continue
		}
		if e := s.run(k); e != nil {
			return acsauth.TeamsToken{}, e
		}
	}
	client, _ := teamsClientOf(k.c)
	return acsauth.TeamsToken{Token: token, Client: client, Expires: time.Unix(k.c.exp.sec, 0)}, nil
}

// issuerNamed returns the issuer of a caller, or nil.
func (v *Verifier) issuerNamed(name string) *issuer {
	for _, i := range v.issuers {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// A teamsCheck is the work on one pair of caller and Teams token.
type teamsCheck struct {
	caller acsauth.Caller
	iss    *issuer // of the caller
	c      claims
	now    time.Time
}

// teamsSteps are the filter in its order. The names are those of the switches in a test build.
var teamsSteps = [...]struct {
	rule string
	run  func(*teamsCheck) *acsauth.Error
}{
	{"teams-audience", (*teamsCheck).audience},
	{"teams-times", (*teamsCheck).times},
	{"teams-user", (*teamsCheck).user},
	{"teams-client", (*teamsCheck).client},
	{"teams-scope", (*teamsCheck).scopes},
}

// readTeams reads the token as strictly as ours, but for the header, whose form is Microsoft's own affair.
func readTeams(token string) (claims, *acsauth.Error) {
	raw, e := splitCompact(token)
	if e != nil {
		return claims{}, badTeams(e)
	}
	h, e := parsePart("header", raw.header, headerNames)
	if e != nil {
		return claims{}, badTeams(e)
	}
	if alg, _ := h.str("alg"); alg == "" || strings.EqualFold(alg, "none") {
		return claims{}, badTeams(odd("a signed token", "alg none, or no alg", "The Teams token is not signed."))
	}
	c, e := parseClaims(raw.payload)
	if e != nil {
		return claims{}, badTeams(e)
	}
	return c, nil
}

func badTeams(e *acsauth.Error) *acsauth.Error {
	return mismatch(teamsInvalid, e.Expected, e.Found, "Teams token: "+e.Detail, "Send the Teams user's access token exactly as MSAL returned it in accessToken.")
}

func (k *teamsCheck) audience() *acsauth.Error {
	c := k.c
	if aud, _ := c.str("aud"); teamsAudiences[strings.TrimSuffix(aud, "/")] {
		return nil
	}
	return mismatch(teamsAudience, "aud is ACS, 'https://auth.msft.communication.azure.com'", c.found("aud"), "The Teams token is not for ACS: "+c.found("aud")+".", teamsScopeHint)
}

func (k *teamsCheck) times() *acsauth.Error {
	c, now := k.c, k.now
	left := time.Duration(min(c.exp.sec-now.Unix(), int64(maxLife/time.Second)*2)) * time.Second
	switch {
	case !c.exp.set:
		return badTeams(odd("exp", "exp is missing", "The token has no exp claim."))
	case left < teamsLead:
		return mismatch(teamsExpired, "exp after "+stamp(now.Add(teamsLead).Unix()), stamp(c.exp.sec), "The Teams token expired or lives less than a minute: exp is "+stamp(c.exp.sec)+", the clock here says "+stamp(now.Unix())+".",
			"Call acquireTokenSilent for the Teams scopes before each exchange.")
	case left > maxLife+time.Minute:
		return badTeams(odd("a life of at most 28 hours", stamp(c.exp.sec), "The token lives longer than Microsoft Entra ID allows."))
	}
	return nil
}

// user binds the Teams token to the caller. Without it, whoever found
// someone else's Teams token could have it exchanged.
func (k *teamsCheck) user() *acsauth.Error {
	c, caller := k.c, k.caller
	const hint = "Get both tokens for one account: MSAL acquireTokenSilent with the same account for both scopes."
	if tid, ok := c.guid("tid"); !ok || tid != caller.Tenant {
		return mismatch(teamsTenant, "tid is the caller's, "+show(caller.Tenant), c.found("tid"), "The Teams token is of another tenant than the caller: "+c.found("tid")+".", hint)
	}
	if oid, ok := c.guid("oid"); !ok || oid != caller.Key.Subject || caller.Kind == acsauth.App {
		return mismatch(teamsUser, "oid is the caller's", "another one, or none", "The Teams token belongs to another user than the caller.", hint)
	}
	return nil
}

// teamsClientOf returns the client of a token that names exactly one, as appid or azp.
func teamsClientOf(c claims) (string, bool) {
	if c.has("appid") == c.has("azp") {
		return "", false
	}
	if c.has("appid") {
		return c.guid("appid")
	}
	return c.guid("azp")
}

func (k *teamsCheck) client() *acsauth.Error {
	c := k.c
	if client, ok := teamsClientOf(c); ok && k.iss.teams[client] {
		return nil
	}
	return mismatch(teamsClient, "appid or azp is a Teams client of this API", c.found("appid")+", "+c.found("azp"), "The Teams token was issued to another client application: "+c.found("appid")+", "+c.found("azp")+".",
		"Operator: the list of Teams clients of this server. ACS needs the client's registration to match, too.")
}

func (k *teamsCheck) scopes() *acsauth.Error {
	c := k.c
	words := c.scopes()
	for _, need := range [...]string{"Teams.ManageCalls", "Teams.ManageChats"} {
		if !slices.Contains(words, need) {
			return mismatch(teamsScope, "scp with Teams.ManageCalls and Teams.ManageChats", c.found("scp"), "The Teams token lacks the scope "+need+": "+c.found("scp")+".", teamsScopeHint)
		}
	}
	return nil
}
