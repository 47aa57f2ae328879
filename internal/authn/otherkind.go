package authn

import (
	"strings"

	"github.com/acs-solutions/acsauth"
)

// graphAudiences are Microsoft Graph and its predecessor in the public and the sovereign clouds.
var graphAudiences = map[string]bool{
	"00000003-0000-0000-c000-000000000000":    true,
	"00000002-0000-0000-c000-000000000000":    true,
	"https://graph.microsoft.com":             true,
	"https://graph.microsoft.us":              true,
	"https://dod-graph.microsoft.us":          true,
	"https://microsoftgraph.chinacloudapi.cn": true,
	"https://graph.windows.net":               true,
}

// teamsAudiences are the ACS authentication service, whose tokens a Teams user exchanges.
var teamsAudiences = map[string]bool{
	"1fd5118e-2576-4263-8130-9503064c837a":      true,
	"https://auth.msft.communication.azure.com": true,
	"https://auth.msft.communication.azure.us":  true,
}

func bareAudience(aud string) string { return strings.TrimSuffix(strings.ToLower(aud), "/") }

// otherKind names tokens that were made for something else, before any work on
// keys. It only refuses, so the claims need not be verified.
func (v *Verifier) otherKind(c claims) *acsauth.Error {
	aud, _ := c.str("aud")
	switch bare := bareAudience(aud); {
	case graphAudiences[bare]:
		return graphToken("The token is for Microsoft Graph: aud is " + show(aud) + ".")
	case c.has("skypeid") || c.has("acsScope"):
		return refuse(tokenKind, "This is an access token of ACS, which this service hands out.", v.scopeHint)
	case teamsAudiences[bare]:
		return refuse(tokenKind, "This is a Teams token for ACS: aud is "+show(aud)+".",
			"Send it in the header teams-user-aad-token of /exchangeToken, and in Authorization a token for this API. "+v.scopeHint)
	case c.has("cnf"):
		return proofToken()
	case c.has("events"):
		return refuse(tokenKind, "This is a logout or event token, not an access token.", v.scopeHint)
	case v.isIDToken(c, aud):
		return refuse(tokenIsIDToken, "This is an ID token. It tells the client who signed in and opens no API.",
			"Send accessToken of the MSAL result, not idToken. "+v.scopeHint)
	}
	return nil
}

// isIDToken reports whether c looks like an ID token: it has claims that only
// those have, or it has no rights and either names no client or is for a client.
func (v *Verifier) isIDToken(c claims, aud string) bool {
	if c.has("nonce") || c.has("at_hash") || c.has("c_hash") {
		return true
	}
	if c.has("scp") {
		return false
	}
	forClient := v.clients[lower(aud)] && !v.audiences[aud]
	return forClient || c.has("aud") && c.has("iss") && !c.has("azp") && !c.has("appid")
}

func graphToken(detail string) *acsauth.Error {
	return refuse(tokenForGraph, detail, "")
}

func proofToken() *acsauth.Error {
	return refuse(tokenKind, "The token is bound to a key (proof of possession).",
		"Ask MSAL for a bearer token: leave authenticationScheme at its default.")
}
