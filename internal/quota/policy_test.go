package quota_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
)

const someone = acsauth.Identity("8:acs:11111111-2222-4333-8444-555555555555_00000001")

// answers is ACS: it gives the next status of a list, and then good answers.
type answers struct {
	list  []int
	calls atomic.Int64
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(a.calls.Add(1)) - 1
	w.Header().Set("Content-Type", "application/json")
	if n < len(a.list) && a.list[n] != 0 {
		if a.list[n] == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "20")
		}
		w.WriteHeader(a.list[n])
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, ":issueAccessToken"), strings.HasSuffix(r.URL.Path, ":exchangeAccessToken"):
		fmt.Fprint(w, `{"token":"t","expiresOn":"2100-01-01T00:00:00Z"}`)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/identities"):
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"identity":{"id":%q}}`, someone)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// wired returns a client of ACS with the governor in its pipeline.
func wired(t *testing.T, g *quota.Governor, list ...int) (*answers, *acsidentity.Client) {
	t.Helper()
	a := &answers{list: list}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	c, err := acsidentity.NewClientFromConnectionString("endpoint="+s.URL+";accesskey=c2VjcmV0", &acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{
		PerRetryPolicies: []policy.Policy{g.Policy()}, Retry: policy.RetryOptions{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond}}})
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func left(g *quota.Governor, op quota.Op) int { return stat(g, op).Left }

func TestEachTryIsPaidOnce(t *testing.T) {
	g := governor(t, quota.Options{Percent: 1, Replicas: 1})
	a, c := wired(t, g, 0, 500)
	ctx, err := g.Admit(t.Context(), quota.Issue)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.IssueToken(ctx, someone, acsauth.AllScopes()[:1], nil); err != nil {
		t.Fatal(err)
	}
	if n := left(g, quota.Issue); n != 9 {
		t.Errorf("%d left of 10 after one call that was admitted", n)
	}
	if _, err := c.IssueToken(t.Context(), someone, acsauth.AllScopes()[:1], nil); err != nil { // 500, and then good
		t.Fatal(err)
	}
	if n := left(g, quota.Issue); n != 7 || a.calls.Load() != 3 {
		t.Errorf("%d left, %d calls; want 7 and 3", n, a.calls.Load())
	}
	ctx, err = g.Admit(t.Context(), quota.CreateWithToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIdentity(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if left(g, quota.CreateWithToken) != 9 || left(g, quota.Create) != 10 {
		t.Error("a create with a token counts for another limit")
	}
	_, _ = c.CreateIdentity(t.Context(), nil)
	_, _ = c.RevokeTokens(t.Context(), someone, nil)
	_, _ = c.DeleteIdentity(t.Context(), someone, nil)
	_, _ = c.ExchangeTeamsToken(t.Context(), acsidentity.TeamsUser{Token: "t", ClientID: "22222222-2222-4333-8444-555555555555", ObjectID: "11111111-2222-4333-8444-555555555555"}, nil)
	for _, op := range []quota.Op{quota.Create, quota.Revoke, quota.Delete, quota.Exchange} {
		if s := stat(g, op); s.Left != s.Limit-1 {
			t.Errorf("%s: %+v", op, s)
		}
	}
}

// A call that is shed was never sent, and is not tried again.
func TestShedCallsAreNotSent(t *testing.T) {
	g := governor(t, quota.Options{Percent: 1, Replicas: 10})
	a, c := wired(t, g)
	for n := range 2 {
		_, err := c.CreateIdentity(t.Context(), nil)
		if n == 0 {
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		e, ok := errors.AsType[*acsidentity.Error](err)
		if !ok || e.Sent || e.StatusCode != 0 || shed(err) < 30*time.Second {
			t.Errorf("%+v", err)
		}
	}
	if a.calls.Load() != 1 || stat(g, quota.Create).Shed != 1 {
		t.Errorf("%d calls, %+v", a.calls.Load(), stat(g, quota.Create))
	}
}

// A 429 closes the operation for as long as it says, and halves the limit.
func TestThrottlingIsLearned(t *testing.T) {
	g := governor(t, quota.Options{Percent: 10, Replicas: 1})
	a, c := wired(t, g, 429)
	if _, err := c.IssueToken(t.Context(), someone, acsauth.AllScopes()[:1], nil); err == nil {
		t.Fatal("no error")
	}
	if s := stat(g, quota.Issue); s.Throttled != 1 || s.Left != 0 {
		t.Errorf("%+v", s)
	}
	_, err := g.Admit(t.Context(), quota.Issue)
	if wait := shed(err); wait < 19*time.Second || wait > 20*time.Second {
		t.Errorf("told %v", err)
	}
	if _, err := g.Admit(t.Context(), quota.Revoke); err != nil {
		t.Errorf("another operation is closed, too: %v", err)
	}
	if a.calls.Load() != 1 {
		t.Errorf("%d calls", a.calls.Load())
	}
}
