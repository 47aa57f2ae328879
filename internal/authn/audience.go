package authn

import (
	"context"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// audience wants aud to be one string out of the list. An array is refused, even
// with one value: Entra ID sends none. At other issuers one entry of an array is enough (RFC 9068 section 4).
func (k *check) audience(context.Context) *acsauth.Error {
	c, aud := k.c, ""
	if k.iss.Kind == OIDC {
		if k.iss.isFor(c) {
			return nil
		}
	} else {
		var isString bool
		aud, isString = c.str("aud")
		guid, listed := k.iss.audiences[aud]
		if isString && listed && (guid || k.p != v2) {
			return nil
		}
		if listed {
			return mismatch(tokenAudience, "aud is the client id of this API, since ver is '2.0'", c.found("aud"), "A v2 token must have the client id of the API as aud, found: "+c.found("aud")+".",
				"Operator: put the client id of the API's registration into the audiences of this server. "+k.iss.scopeHint)
		}
		if !c.has("scp") && aud != "" && k.iss.clients[lower(aud)] { // now that the signature is good, it may be said whose client id this is
			return k.isIDToken("aud is the id of a client")
		}
	}
	hint := k.iss.scopeHint
	if aud != "" && k.iss.isNear(aud) {
		hint = "The value differs from a configured audience in form only. Operator: add it, exactly so, to the audiences of this server if it is this API."
	}
	return mismatch(tokenAudience, "aud is this API, "+k.iss.api(), c.found("aud"), "The token is for another API: "+c.found("aud")+".", hint)
}

// isFor reports whether an audience of the token is one of the issuer's.
func (i *issuer) isFor(c claims) bool {
	aud, _ := c.get("aud")
	if aud.kind == jsonString {
		_, ok := i.audiences[aud.text]
		return ok
	}
	if i.Kind != OIDC || aud.kind != jsonArray {
		return false
	}
	for _, item := range aud.items {
		if _, ok := i.audiences[item.text]; ok && item.kind == jsonString {
			return true
		}
	}
	return false
}

// api names this API for an error text. Its metadata tells the same to everybody.
func (i *issuer) api() string { return show(i.Audiences[0]) }

// isNear reports whether aud is an audience but for case, a closing slash or api:// in front of the client id.
func (i *issuer) isNear(aud string) bool {
	short := strings.TrimPrefix(bareAudience(aud), "api://")
	for known := range i.audiences {
		if strings.TrimPrefix(bareAudience(known), "api://") == short {
			return true
		}
	}
	return false
}
