package authn

import (
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// checkAudience wants aud to be one string out of the list. An array is refused,
// even with one value: Entra ID sends none.
func (v *Verifier) checkAudience(c claims, p profile) *acsauth.Error {
	aud, isString := c.str("aud")
	guid, listed := v.audiences[aud]
	if isString && listed && (guid || p == v1) {
		return nil
	}
	detail := "The token is for another API: " + c.found("aud") + "."
	if listed && isString {
		detail = "A v2 token must have the client id of the API as aud, found: " + c.found("aud") + "."
	}
	hint := v.scopeHint
	if isString && v.isNear(aud) {
		hint = "The value differs from a configured audience in form only. Operator: add it, exactly so, to the audiences of this server if it is this API."
	}
	return refuse(tokenAudience, detail, hint)
}

// isNear reports whether aud is an audience but for case, a closing slash or api:// in front of the client id.
func (v *Verifier) isNear(aud string) bool {
	bare := strings.TrimPrefix(bareAudience(aud), "api://")
	for known := range v.audiences {
		if strings.TrimPrefix(bareAudience(known), "api://") == bare {
			return true
		}
	}
	return false
}

// caller makes the principal out of verified claims, and checks that it is one.
func (v *Verifier) caller(c claims, t *tenant, p profile) (acsauth.Caller, *acsauth.Error) {
	oid, ok := c.guid("oid")
	if sub, _ := c.str("sub"); !ok || !isSubject(sub) {
		return acsauth.Caller{}, refuse(tokenSubject, "The token names no user: oid is not a GUID, or sub is missing.",
			"Request the scope openid profile, too; MSAL does so by default. Do not take oid out of the token by a claims mapping policy.")
	}
	client, e := v.checkClient(c, p)
	if e != nil {
		return acsauth.Caller{}, e
	}
	caller := acsauth.Caller{
		Key:     acsauth.UserKey{Issuer: t.fixed[v2], Subject: oid},
		Tenant:  t.id,
		Client:  client,
		Expires: time.Unix(c.exp.sec, 0),
	}
	if e := v.addRights(&caller, c); e != nil {
		return acsauth.Caller{}, e
	}
	if caller.Kind, e = v.kindOf(c, t); e != nil {
		return acsauth.Caller{}, e
	}
	return caller, nil
}

// isSubject reports whether sub is 1 to 256 visible characters.
func isSubject(sub string) bool {
	if sub == "" || len(sub) > 256 {
		return false
	}
	for i := range len(sub) {
		if sub[i] <= ' ' || sub[i] > '~' {
			return false
		}
	}
	return true
}

func (v *Verifier) checkClient(c claims, p profile) (string, *acsauth.Error) {
	client, ok := c.guid(p.client())
	if ok && (v.clients == nil || v.clients[client]) {
		return client, nil
	}
	return "", refuse(tokenClient, "The client application may not use this API: "+c.found(p.client())+".",
		"Sign in with a client application that this API knows. Operator: the list of allowed clients of this server.")
}

// addRights takes scopes and roles over. A token with neither was never consented to.
func (v *Verifier) addRights(caller *acsauth.Caller, c claims) *acsauth.Error {
	roles, ok := c.roles()
	if _, isString := c.str("scp"); !ok || c.has("scp") && !isString {
		return refuse(tokenScope, "The rights of the token are not in the form that Microsoft Entra ID uses: "+c.found("scp")+".", "")
	}
	caller.Scopes, caller.Roles = c.scopes(), roles
	if len(caller.Scopes) == 0 && (c.has("scp") || len(roles) == 0) {
		return refuse(tokenScope, "The token has no rights: neither scp nor roles has a value.", "")
	}
	return nil
}

// kindOf tells users, guests and programs apart.
func (v *Verifier) kindOf(c claims, t *tenant) (acsauth.CallerKind, *acsauth.Error) {
	idtyp, _ := c.str("idtyp")
	switch {
	case idtyp == "app" || !c.has("idtyp") && !c.has("scp"):
		return acsauth.App, nil
	case c.has("idtyp") && idtyp != "user" || !c.has("scp"):
		return "", refuse(tokenKind, "The token stands neither for a user nor for an application.", "")
	case !t.isGuest(c):
		return acsauth.User, nil
	case !v.opt.Issuer.AllowGuests:
		return "", refuse(tokenGuest, "Guests of the tenant may not use this API.",
			"Sign in with an account of the tenant itself. Operator: guests are a setting of this server.")
	}
	return acsauth.Guest, nil
}

// isGuest reports whether the token shows another home directory: idp is not the
// tenant, or the optional claim acct is not 0. Without either claim a user counts as a member.
func (t *tenant) isGuest(c claims) bool {
	if acct, ok := c.get("acct"); ok && acct.text != "0" {
		return true
	}
	idp, isString := c.str("idp")
	own := isString && idp != "" && (idp == t.issuer(v1) || idp == t.issuer(v2) || idp == "https://sts.windows.net/"+t.id+"/")
	return c.has("idp") && !own
}
