//go:build uncontrolled

package authn

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// uncontrolled reports whether a control is switched off by
// ACSAUTH_UNCONTROLLED=name,name. Such a build shows that a test or a probe
// finds a control that is missing. It must never serve anybody.
func uncontrolled(control string) bool {
	return slices.Contains(strings.Split(os.Getenv("ACSAUTH_UNCONTROLLED"), ","), control)
}

// waives reports whether a rule is not applied, because its control is switched
// off, or because a token got past such a control that others would stop: an ID
// token has neither client nor rights, and a program no scope.
func (k *check) waives(ctx context.Context, s *step) bool {
	switch {
	case slices.Contains([]string{"audience", "client", "rights", "caller-kind"}, s.rule) && uncontrolled("id-token") && k.idToken(ctx) != nil:
		k.caller.Kind, k.caller.Scopes = acsauth.User, k.iss.Scopes
		return true
	case s.rule == "scope" && k.caller.Kind == acsauth.App && uncontrolled("app-only"):
		return true
	}
	return uncontrolled(s.rule)
}
