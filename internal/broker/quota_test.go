package broker

import (
	"errors"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/storetest"
)

// frugal returns a replica that may make one call of each kind in 30 seconds.
func (s *service) frugal(t *testing.T, store acsauth.Store) *Broker {
	t.Helper()
	g, err := quota.New(quota.Options{Percent: 1, Replicas: 10})
	if err != nil {
		t.Fatal(err)
	}
	c, err := acsidentity.NewClientFromConnectionString("endpoint="+s.URL+";accesskey=c2VjcmV0", &acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{PerRetryPolicies: []policy.Policy{g.Policy()}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{Store: store, ACS: c, Resource: testResource, Scopes: []acsauth.Scope{acsauth.ScopeChat}, Quota: g})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Who is told to come later has cost ACS no call, and the store no write.
func TestShedCallsCostNothing(t *testing.T) {
	s, store := newService(t), &pen{Store: storetest.NewMemory(), forms: map[string]int{}}
	b := s.frugal(t, store)
	ask := TokenRequest{MaxLifetime: time.Hour, Create: true}
	wantShed := func(name string, err error) {
		t.Helper()
		e, ok := errors.AsType[*acsauth.Error](err)
		if !ok || e.Code != "acs_throttled" || e.Kind != acsauth.Throttled || e.RetryAfter < 30*time.Second || e.RetryAfter > 10*time.Minute {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.IssueToken(t.Context(), user(1), ask); err != nil {
		t.Fatal(err)
	}
	writes := len(store.forms)
	_, err := b.IssueToken(t.Context(), user(2), ask)
	wantShed("a first sign-in", err)
	if len(store.forms) != writes || store.forms["insert pending"] != 1 {
		t.Errorf("writes of a call that was shed: %v", store.forms)
	}
	if _, err := b.RefreshToken(t.Context(), user(1), ask); err != nil { // another limit
		t.Fatal(err)
	}
	_, err = b.RefreshToken(t.Context(), user(1), ask)
	wantShed("a refresh", err)
	if _, _, err := b.EnsureIdentity(t.Context(), user(3)); err != nil { // a create without a token has a limit of its own
		t.Fatal(err)
	}
	_, _, err = b.EnsureIdentity(t.Context(), user(4))
	wantShed("getUser", err)
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	wantShed("revoke", b.RevokeTokens(t.Context(), user(1)))
	if done, err := b.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	if done, err := b.DeleteIdentity(t.Context(), user(3)); done || err != nil {
		t.Errorf("a deletion that is shed goes on in the background: %v %v", done, err)
	}
	if s.count("create") != 2 || s.count("issue") != 1 || s.count("revoke") != 1 || s.count("delete") != 1 {
		t.Errorf("calls: %v", s.calls)
	}
}
