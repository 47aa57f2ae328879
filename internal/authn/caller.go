package authn

import (
	"context"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// subject wants a user, or a program, that can be told from all others.
func (k *check) subject(context.Context) *acsauth.Error {
	sub, _ := k.c.str("sub")
	subject, ok := k.keyOf(sub)
	if !ok || !isSubject(sub) {
		return k.noSubject()
	}
	issuer := k.iss.issuerOfUsers(k.choice)
	k.caller.Key = acsauth.UserKey{Issuer: issuer, Subject: subject}
	k.caller.Issuer, k.caller.Tenant = k.iss.Name, k.tenant
	k.caller.Expires = time.Unix(k.c.exp.sec, 0)
	k.caller.Groups = k.c.groups()
	return nil
}

// keyOf returns the durable part of the user's key.
func (k *check) keyOf(sub string) (string, bool) {
	switch k.iss.Kind {
	case B2C:
		return k.c.guid(k.iss.KeyClaim)
	case OIDC:
		s, _ := k.c.str(k.iss.KeyClaim)
		return strings.Clone(s), isSubject(s)
	}
	return k.c.guid("oid")
}

// issuerOfUsers is the canonical issuer: at Entra ID that of v2, so that both versions give one key.
func (i *issuer) issuerOfUsers(ch choice) string {
	if i.Kind != Entra {
		return i.issuerOf()
	}
	if ch.src == nil { // of no tenant of ours; such a token is refused, and only explained
		return ""
	}
	return ch.src.issuerFor(v2, ch.tenant)
}

func (k *check) noSubject() *acsauth.Error {
	missing := func(name string) string {
		if k.c.has(name) {
			return name + " of another form"
		}
		return name + " is missing"
	}
	switch k.iss.Kind {
	case B2C:
		return mismatch(tokenSubject, "sub, and a GUID in "+k.iss.KeyClaim, missing(k.iss.KeyClaim), "The token names no user: the claim "+k.iss.KeyClaim+" is not a GUID, or sub is missing.",
			"Let the user flow put the object id into the claim: Application claims, User's Object ID. Operator: keyClaim of this issuer (sub or oid).")
	case OIDC:
		return mismatch(tokenSubject, "sub and "+k.iss.KeyClaim+", 1 to 256 visible characters", missing(k.iss.KeyClaim), "The token names no user: sub or the claim "+bare(k.iss.KeyClaim)+" is missing.",
			"Let the issuer put these claims into access tokens. Operator: keyClaim of this issuer.")
	}
	return mismatch(tokenSubject, "sub, and a GUID in oid", missing("oid"), "The token names no user: oid is not a GUID, or sub is missing.",
		"Request the scope openid profile, too; MSAL does so by default. Do not take oid out of the token by a claims mapping policy.")
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

// client wants the client application to be an allowed one. Some more are allowed if there is no user.
func (k *check) client(context.Context) *acsauth.Error {
	client, name, ok := k.clientOf()
	if ok && (k.iss.clients == nil || k.iss.clients[client] || k.iss.apps[client] && k.looksAppOnly(client)) || ok && uncontrolled("client") {
		k.caller.Client = client
		return nil
	}
	return mismatch(tokenClient, "a client application of this API", k.c.found(name), "The client application may not use this API: "+k.c.found(name)+".",
		"Sign in with a client application that this API knows. Operator: the list of allowed clients of this server.")
}

// clientOf returns the client id and the claim that names it. Other issuers have
// one of three claims; if there are several, they must agree.
func (k *check) clientOf() (client, name string, ok bool) {
	if k.iss.Kind != OIDC {
		client, ok = k.c.guid(k.p.client())
		return client, k.p.client(), ok
	}
	for _, claim := range [...]string{"client_id", "azp", "appid"} {
		if !k.c.has(claim) {
			continue
		}
		s, _ := k.c.str(claim)
		if !isSubject(s) || client != "" && s != client {
			return "", claim, false
		}
		client, name = strings.Clone(s), claim
	}
	if client == "" {
		name = "client_id"
	}
	return client, name, client != ""
}

// rights takes scopes and roles over. A token with neither was never consented to.
func (k *check) rights(context.Context) *acsauth.Error {
	const want = "scp or roles with a value"
	roles, ok := k.c.roles()
	scopes, given, formed := k.scopes()
	if !ok || !formed {
		return mismatch(tokenScope, want, k.c.found("scp")+", or roles is not a list", "The rights of the token are not in the form of an access token: "+k.c.found("scp")+".", "")
	}
	k.caller.Scopes, k.caller.Roles = scopes, roles
	if len(scopes) == 0 && (given || len(roles) == 0) && !uncontrolled("scope") {
		return mismatch(tokenScope, want, "neither", "The token has no rights: neither scp nor roles has a value.", "")
	}
	return nil
}

func (k *check) scopes() (words []string, given, ok bool) {
	if k.iss.Kind == OIDC {
		return k.c.openScopes()
	}
	_, isString := k.c.str("scp")
	given = k.c.has("scp")
	return k.c.scopes(), given, isString || !given
}

// callerKind tells users and programs apart.
func (k *check) callerKind(context.Context) *acsauth.Error {
	idtyp, _ := k.c.str("idtyp")
	_, scoped, _ := k.scopes()
	switch {
	case k.looksAppOnly(k.caller.Client):
		k.caller.Kind = acsauth.App
	case (k.c.has("idtyp") && idtyp != "user" || !scoped) && !uncontrolled("scope"):
		return mismatch(tokenKind, "a token of a user (scp) or of a program (roles)", k.c.found("idtyp"), "The token stands neither for a user nor for an application.", "")
	default:
		k.caller.Kind = acsauth.User
	}
	return nil
}

// looksAppOnly reports whether a token was issued to a program without a user. Other
// issuers show it by a subject that is the client (RFC 9068 section 5), or by the claim gty.
func (k *check) looksAppOnly(client string) bool {
	idtyp, _ := k.c.str("idtyp")
	_, scoped, _ := k.scopes()
	if idtyp == "app" || !k.c.has("idtyp") && !scoped && (k.c.has("roles") || !uncontrolled("scope")) {
		return true
	}
	if k.iss.Kind != OIDC || client == "" {
		return false
	}
	sub, _ := k.c.str("sub")
	gty, _ := k.c.str("gty")
	return sub == client || sub == client+"@clients" || gty == "client-credentials" || gty == "client_credentials"
}

// guest marks users of other directories, and refuses them unless they are wanted.
func (k *check) guest(context.Context) *acsauth.Error {
	if k.iss.Kind != Entra || k.caller.Kind != acsauth.User || !k.isGuest() {
		return nil
	}
	if k.caller.Kind = acsauth.Guest; k.iss.AllowGuests {
		return nil
	}
	found := "idp of another directory"
	if k.c.has("acct") {
		found = "acct other than 0"
	}
	return mismatch(tokenGuest, "an account of the tenant", "a guest: "+found, "Guests of the tenant may not use this API.",
		"Sign in with an account of the tenant itself. Operator: guests are a setting of this server.")
}

// isGuest reports whether the token shows another home directory: idp is not the
// tenant, or the optional claim acct is not 0. Without either claim a user counts as a member.
func (k *check) isGuest() bool {
	if acct, ok := k.c.get("acct"); ok && acct.text != "0" {
		return true
	}
	idp, isString := k.c.str("idp")
	own := isString && idp != "" && (idp == publicSTS+k.tenant+"/" ||
		k.src != nil && (idp == k.src.issuerFor(v1, k.tenant) || idp == k.src.issuerFor(v2, k.tenant)))
	return k.c.has("idp") && !own
}
