package authn

import (
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// RequireScope returns nil if the caller is a user whose client has the scope,
// which is compared whole and with case. Its codes are token_app_only and token_scope.
func RequireScope(c acsauth.Caller, scope string) error {
	var e *acsauth.Error
	switch {
	case c.Kind == acsauth.App:
		e = refuse(tokenAppOnly, "The token is of a program without a user.",
			"Sign a user in and request the scope "+show(scope)+" of this API; the client credentials flow does not do.")
	case !slices.Contains(c.Scopes, scope):
		e = refuse(tokenScope, "Expected scp with "+show(scope)+", found "+show(strings.Join(c.Scopes, " "))+".",
			"Request the scope api://<client id of the API>/"+strings.Trim(show(scope), "'")+" in the client (MSAL: scopes). "+
				"Portal: App registrations, the API's registration, Expose an API.")
	default:
		return nil
	}
	e.Op = "authn.RequireScope"
	return e
}
