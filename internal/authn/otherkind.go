package authn

import (
	"context"
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
func (k *check) otherKind(context.Context) *acsauth.Error {
	c, hint := k.c, k.iss.scopeHint
	aud, _ := c.str("aud")
	const want = "an access token for this API"
	switch short := bareAudience(aud); {
	case graphAudiences[short]:
		return graphToken(want, c.found("aud")+", Microsoft Graph", "The token is for Microsoft Graph: aud is "+show(aud)+".")
	case c.has("skypeid") || c.has("acsScope"):
		return mismatch(tokenKind, want, "a token of ACS", "This is an access token of ACS, which this service hands out.", hint)
	case teamsAudiences[short]:
		return mismatch(tokenKind, want, "a Teams token: "+c.found("aud"), "This is a Teams token for ACS: aud is "+show(aud)+".",
			"Send it in the header teams-user-aad-token of /exchangeToken, and in Authorization a token for this API. "+hint)
	case c.has("cnf"):
		return proofToken("claim cnf")
	case c.has("events"):
		return mismatch(tokenKind, want, "claim events", "This is a logout or event token, not an access token.", hint)
	}
	return nil
}

// idToken names ID tokens by the claims that only those have, or by naming no client at all.
func (k *check) idToken(context.Context) *acsauth.Error {
	c := k.c
	found := ""
	switch {
	case c.has("at_hash"):
		found = "claim at_hash"
	case c.has("c_hash"):
		found = "claim c_hash"
	case k.iss.Kind == OIDC:
		found = k.openIDToken()
	case c.has("nonce"):
		found = "claim nonce"
	case !c.has("scp") && c.has("aud") && c.has("iss") && !c.has("azp") && !c.has("appid") && !c.has("client_id"):
		found = "no client and no rights"
	}
	if found == "" {
		return nil
	}
	return k.isIDToken(found)
}

// openIDToken is for other issuers, of which some put the nonce into access tokens, too, and
// some name the kind of a token in the payload.
func (k *check) openIDToken() string {
	typ, _ := k.c.str("typ")
	header, _ := k.header.str("typ")
	switch {
	case typ == "ID" || typ == "Refresh" || typ == "Offline" || typ == "Logout":
		return "claim typ is " + show(typ)
	case k.c.has("nonce") && !k.c.has("scope") && !k.c.has("scp") && header != "at+jwt" && header != "application/at+jwt":
		return "claim nonce and no scope"
	}
	return ""
}

func (k *check) isIDToken(found string) *acsauth.Error {
	hint := "Send accessToken of the MSAL result, not idToken. "
	if k.iss.Kind == OIDC {
		hint = "Send the access_token of the token response, not the id_token. "
	}
	return mismatch(tokenIsIDToken, "an access token", "an ID token: "+found, "This is an ID token. It tells the client who signed in and opens no API.", hint+k.iss.scopeHint)
}

func graphToken(expected, found, detail string) *acsauth.Error {
	return mismatch(tokenForGraph, expected, found, detail, "")
}

func proofToken(found string) *acsauth.Error {
	return mismatch(tokenKind, "a bearer token", found, "The token is bound to a key (proof of possession).",
		"Ask MSAL for a bearer token: leave authenticationScheme at its default.")
}
