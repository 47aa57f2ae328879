package authn

import (
	"cmp"
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
	switch {
	case token == "":
		return acsauth.TeamsToken{}, refuse(teamsMissing, "There is no Teams token.",
			"Send the Teams user's access token in the header teams-user-aad-token.")
	case v.teams == nil:
		return acsauth.TeamsToken{}, refuse(teamsNotConfigured, "This server knows no client whose Teams tokens it may exchange.",
			"Operator: set the Teams clients of this server.")
	}
	c, e := readTeams(token)
	if e != nil {
		return acsauth.TeamsToken{}, e
	}
	e = cmp.Or(checkTeamsAudience(c), checkTeamsTimes(c, time.Now()), checkTeamsUser(c, caller), v.checkTeamsClient(c), checkTeamsScopes(c))
	if e != nil {
		return acsauth.TeamsToken{}, e
	}
	client, _ := teamsClientOf(c)
	return acsauth.TeamsToken{Token: token, Client: client, Expires: time.Unix(c.exp.sec, 0)}, nil
}

// readTeams reads the token as strictly as ours, but for the header, whose form is Microsoft's own affair.
func readTeams(token string) (claims, *acsauth.Error) {
	raw, e := splitCompact(token)
	if e != nil {
		return claims{}, badTeams(e.Detail)
	}
	h, e := parsePart("header", raw.header, headerNames)
	if e != nil {
		return claims{}, badTeams(e.Detail)
	}
	if alg, _ := h.str("alg"); alg == "" || strings.EqualFold(alg, "none") {
		return claims{}, badTeams("The Teams token is not signed.")
	}
	c, e := parseClaims(raw.payload)
	if e != nil {
		return claims{}, badTeams(e.Detail)
	}
	return c, nil
}

func badTeams(detail string) *acsauth.Error {
	return refuse(teamsInvalid, "Teams token: "+detail, "Send the Teams user's access token exactly as MSAL returned it in accessToken.")
}

func checkTeamsAudience(c claims) *acsauth.Error {
	if aud, _ := c.str("aud"); teamsAudiences[strings.TrimSuffix(aud, "/")] {
		return nil
	}
	return refuse(teamsAudience, "The Teams token is not for ACS: "+c.found("aud")+".", teamsScopeHint)
}

func checkTeamsTimes(c claims, now time.Time) *acsauth.Error {
	left := time.Duration(min(c.exp.sec-now.Unix(), int64(maxLife/time.Second)*2)) * time.Second
	switch {
	case !c.exp.set:
		return badTeams("The token has no exp claim.")
	case left < teamsLead:
		return refuse(teamsExpired, "The Teams token expired or lives less than a minute: exp is "+stamp(c.exp.sec)+", the clock here says "+stamp(now.Unix())+".",
			"Call acquireTokenSilent for the Teams scopes before each exchange.")
	case left > maxLife+time.Minute:
		return badTeams("The token lives longer than Microsoft Entra ID allows.")
	}
	return nil
}

// checkTeamsUser binds the Teams token to the caller. Without it, whoever found
// someone else's Teams token could have it exchanged.
func checkTeamsUser(c claims, caller acsauth.Caller) *acsauth.Error {
	const hint = "Get both tokens for one account: MSAL acquireTokenSilent with the same account for both scopes."
	if tid, ok := c.guid("tid"); !ok || tid != caller.Tenant {
		return refuse(teamsTenant, "The Teams token is of another tenant than the caller: "+c.found("tid")+".", hint)
	}
	if oid, ok := c.guid("oid"); !ok || oid != caller.Key.Subject || caller.Kind == acsauth.App {
		return refuse(teamsUser, "The Teams token belongs to another user than the caller.", hint)
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

func (v *Verifier) checkTeamsClient(c claims) *acsauth.Error {
	if client, ok := teamsClientOf(c); ok && v.teams[client] {
		return nil
	}
	return refuse(teamsClient, "The Teams token was issued to another client application: "+c.found("appid")+", "+c.found("azp")+".",
		"Operator: the list of Teams clients of this server. ACS needs the client's registration to match, too.")
}

func checkTeamsScopes(c claims) *acsauth.Error {
	words := c.scopes()
	for _, need := range [...]string{"Teams.ManageCalls", "Teams.ManageChats"} {
		if !slices.Contains(words, need) {
			return refuse(teamsScope, "The Teams token lacks the scope "+need+": "+c.found("scp")+".", teamsScopeHint)
		}
	}
	return nil
}
