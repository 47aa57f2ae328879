package authn

import (
	"context"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// RequireUser returns nil if the caller, one that Verify returned, is a user whose
// client has one of the scopes of the issuer, and who has one of its app roles if
// it has any. Scopes and roles are compared whole and with case. The codes of its errors are
// token_app_only, token_scope and token_role.
func (v *Verifier) RequireUser(c acsauth.Caller) error {
	iss := v.issuerNamed(c.Issuer)
	if iss == nil {
		return &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: "authn.RequireUser", Detail: "The caller is of no configured issuer."}
	}
	k := &check{v: v, caller: c, choice: choice{iss: iss}}
	for n := range userSteps {
		if e := userSteps[n].do(context.Background(), k); e != nil {
			e.Op = "authn.RequireUser"
			return e
		}
	}
	return nil
}

// userSteps are what a route for users wants of a caller.
var userSteps = [...]step{
	{"app-only", (*check).isUser, []string{"form", "kind", "caller-kind"}},
	{"scope", (*check).oneScope, []string{"form", "kind", "rights", "app-only"}},
	{"role", (*check).oneRole, []string{"form", "kind", "rights", "app-only"}},
}

func (k *check) isUser(context.Context) *acsauth.Error {
	if k.caller.Kind != acsauth.App {
		return nil
	}
	return mismatch(tokenAppOnly, "a token of a user", "a token of a program (app-only)", "The token is of a program without a user.",
		"Sign a user in and request the scope "+show(k.iss.Scopes[0])+" of this API; the client credentials flow does not do.")
}

func (k *check) oneScope(context.Context) *acsauth.Error {
	if slices.ContainsFunc(k.caller.Scopes, func(s string) bool { return slices.Contains(k.iss.Scopes, s) }) {
		return nil
	}
	want, got := "scp with "+oneOf(k.iss.Scopes), "scp is "+show(strings.Join(k.caller.Scopes, " "))
	hint := k.iss.scopeHint
	if k.iss.Kind != OIDC {
		hint += " Portal: App registrations, the API's registration, Expose an API."
	}
	return mismatch(tokenScope, want, got, "Expected "+want+", "+got+".", hint)
}

func (k *check) oneRole(context.Context) *acsauth.Error {
	if len(k.iss.Roles) == 0 || slices.ContainsFunc(k.caller.Roles, func(s string) bool { return slices.Contains(k.iss.Roles, s) }) {
		return nil
	}
	want, got := "roles with "+oneOf(k.iss.Roles), "roles are "+show(strings.Join(k.caller.Roles, " "))
	return mismatch(tokenRole, want, got, "Expected "+want+", "+got+".",
		"Ask an administrator for the app role. Portal: Enterprise applications, the API, Users and groups, Add user/group. Then sign in again.")
}

// oneOf lists words for an error text, few of them.
func oneOf(words []string) string {
	const most = 5
	shown := make([]string, 0, most)
	for _, w := range words[:min(len(words), most)] {
		shown = append(shown, show(w))
	}
	s := strings.Join(shown, " or ")
	if len(words) > most {
		s += " or others"
	}
	return s
}
