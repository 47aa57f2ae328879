package entra

import (
	"slices"
	"strings"
)

const (
	maxScopes    = 64
	maxScopeText = 8 << 10 // bytes of a scope parameter; it is kept with codes and refresh tokens
	defaultScope = ".default"
)

// oidcScopes belong to no resource.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// scopeSet is a parsed scope parameter.
type scopeSet struct {
	requested []string // as spelled by the client, in its order
	oidc      []string // lower case
	resource  *Resource
	audience  string   // how the client named the resource
	prefix    string   // what the client wrote before the scope names
	names     []string // short names in the resource's own spelling; nil for .default
	isDefault bool
	several   bool // more than one resource was named
}

// oidcOnly reports whether no resource was named.
func (s scopeSet) oidcOnly() bool { return !s.isDefault && len(s.names) == 0 }

// has reports whether an OpenID Connect scope was asked for.
func (s scopeSet) has(oidc string) bool { return slices.Contains(s.oidc, oidc) }

// parseScope reads a scope parameter. OpenID Connect scopes alone mean Microsoft Graph.
func (d *Directory) parseScope(raw string) (scopeSet, *Error) {
	set := scopeSet{requested: strings.Fields(raw)}
	if len(set.requested) == 0 {
		return set, missing("scope")
	}
	if len(set.requested) > maxScopes || len(raw) > maxScopeText {
		return set, fail(70011, "The scope parameter holds more than %d values or %d bytes.", maxScopes, maxScopeText)
	}
	for _, word := range set.requested {
		if err := d.addScope(&set, word); err != nil {
			return set, err
		}
	}
	if set.isDefault && len(set.names) > 0 {
		return set, fail(70011, "The .default scope can't be combined with resource-specific scopes.")
	}
	if set.resource == nil {
		set.resource, set.audience = d.resource(d.Graph), d.Graph
	}
	return set, nil
}

// addScope reads one word of a scope parameter.
func (d *Directory) addScope(set *scopeSet, word string) *Error {
	if lower := strings.ToLower(word); slices.Contains(oidcScopes, lower) {
		set.oidc = append(set.oidc, lower)
		return nil
	}
	prefix, name := "", word
	resource := d.resource(d.Graph)
	if i := strings.LastIndexByte(word, '/'); i >= 0 {
		prefix, name = word[:i+1], word[i+1:]
		resource = d.resource(word[:i])
	}
	if resource == nil {
		return fail(500011, "The resource principal named %s was not found in the tenant.", clip(strings.TrimSuffix(prefix, "/")))
	}
	if set.resource != nil && set.resource != resource {
		set.several = true
		return nil
	}
	set.resource, set.prefix, set.audience = resource, prefix, audienceOf(resource, prefix)
	return set.addName(name, word)
}

// addName adds a scope of the set's resource.
func (s *scopeSet) addName(name, word string) *Error {
	if name == defaultScope {
		s.isDefault = true
		return nil
	}
	i := slices.IndexFunc(s.resource.Scopes, func(known string) bool { return strings.EqualFold(known, name) })
	if i < 0 {
		return fail(70011, "The provided request must include a 'scope' input parameter. "+
			"The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", clip(word))
	}
	s.names = append(s.names, s.resource.Scopes[i])
	return nil
}

// audienceOf is the v1 audience: the resource as the client spelled it, lower case.
func audienceOf(r *Resource, prefix string) string {
	if prefix == "" {
		return r.URIs[0]
	}
	return strings.ToLower(strings.TrimSuffix(prefix, "/"))
}

// consented returns the delegated scopes that a token for the set carries: all that the client has consent for.
func (s scopeSet) consented(app *App) ([]string, *Error) {
	have := app.Delegated[s.resource.ID]
	if len(have) == 0 && !s.oidcOnly() {
		return nil, fail(650057, "Invalid resource. The client has requested access to a resource which is not listed in "+
			"the requested permissions in the client's application registration. Client app ID: %s. Resource app ID: %s.", app.ID, s.resource.ID)
	}
	for _, name := range s.names {
		if !slices.Contains(have, name) {
			e := fail(65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. "+
				"Send an interactive authorization request for this user and resource.", app.ID, app.Name)
			e.Suberror = "consent_required"
			return nil, e
		}
	}
	return have, nil
}

// echo is the scope member of an answer: what was asked, as it was spelled, and what was granted beyond it.
func (s scopeSet) echo(granted []string) string {
	words := slices.Clone(s.requested)
	prefix := s.prefix
	if prefix == "" && s.resource != nil {
		prefix = s.resource.URIs[0] + "/"
	}
	for _, name := range granted {
		if !slices.Contains(s.names, name) {
			words = append(words, prefix+name)
		}
	}
	return strings.Join(words, " ")
}
