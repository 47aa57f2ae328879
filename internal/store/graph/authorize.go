package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/acs-solutions/acsauth"
)

const resource = "https://graph.microsoft.com" // of the token; the same wherever BaseURL leads

var guidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// An authorizer returns a token for one request, and what to call if it is refused.
type authorizer func(ctx context.Context) (token string, forget func(), err error)

// tenantOf returns the tenant of a canonical v2 issuer.
func tenantOf(issuer string) (string, error) {
	rest, ok := strings.CutSuffix(issuer, "/v2.0")
	tenant := rest[strings.LastIndexByte(rest, '/')+1:]
	if !ok || !guidForm.MatchString(tenant) {
		return "", unsupportedUser()
	}
	return tenant, nil
}

// authorizer returns how requests about the user are authorized.
func (s *Store) authorizer(ctx context.Context, key acsauth.UserKey) (authorizer, error) {
	tenant, err := tenantOf(key.Issuer)
	if err != nil {
		return nil, err
	}
	if !guidForm.MatchString(strings.ToLower(key.Subject)) {
		return nil, unsupportedUser()
	}
	if s.o.Mode == Application {
		return s.asApp(tenant), nil
	}
	assertion, ok := acsauth.Assertion(ctx)
	if !ok || assertion == "" || !isOf(assertion, tenant, key.Subject) {
		return nil, absent()
	}
	return func(ctx context.Context) (string, func(), error) {
		t, err := s.o.Entra.OnBehalfOf(ctx, tenant, key, assertion, []string{resource + "/User.ReadWrite"})
		return t.Value, func() { s.o.Entra.Forget(t) }, err
	}, nil
}

func (s *Store) asApp(tenant string) authorizer {
	return func(ctx context.Context) (string, func(), error) {
		t, err := s.o.Entra.ForApp(ctx, tenant, resource+"/.default")
		return t.Value, func() { s.o.Entra.Forget(t) }, err
	}
}

// isOf reports whether the token is one of this user. The server has verified
// it; this only keeps a call about one user from being made with another's token.
func isOf(token, tenant, subject string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		Tenant string `json:"tid"`
		Object string `json:"oid"`
	}
	return json.Unmarshal(text, &claims) == nil && strings.EqualFold(claims.Tenant, tenant) && strings.EqualFold(claims.Object, subject)
}
