package entra

import (
	"slices"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

// A wish is what a token on behalf of a user is asked for.
type wish struct {
	tenant, assertion string
	user              acsauth.UserKey
	scopes            []string
}

func genWish(t *rapid.T, name string) wish {
	part := func(what string) string { return rapid.StringMatching(`[ab ]{0,2}`).Draw(t, name+" "+what) }
	return wish{part("tenant"), part("assertion"), acsauth.UserKey{Issuer: part("issuer"), Subject: part("subject")},
		rapid.SliceOfNDistinct(rapid.StringMatching(`[ab]{1,2}`), 0, 3, rapid.ID[string]).Draw(t, name+" scopes")}
}

func (w wish) slot() slot { return userSlot(w.tenant, w.user, w.assertion, w.scopes) }

// same compares two wishes part by part; the order of scopes does not count.
func (w wish) same(o wish) bool {
	return w.tenant == o.tenant && w.assertion == o.assertion && w.user == o.user &&
		slices.Equal(slices.Sorted(slices.Values(w.scopes)), slices.Sorted(slices.Values(o.scopes)))
}

// P-03: what a token of a user is kept under says everything it was asked for, so no token of another tenant, user,
// assertion or set of scopes is ever usable in its place; and a user's is never the application's own.
func TestSlotsAreInjective(t *testing.T) {
	testkit.Checks(t, "10000")
	same := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := genWish(t, "a"), genWish(t, "b")
		for what, take := range map[string]func(){
			"tenant": func() { b.tenant = a.tenant }, "assertion": func() { b.assertion = a.assertion }, "user": func() { b.user = a.user },
			"scopes": func() { b.scopes = slices.Clone(a.scopes); slices.Reverse(b.scopes) },
		} {
			if rapid.IntRange(0, 4).Draw(t, "same "+what) > 0 {
				take()
			}
		}
		if (a.slot() == b.slot()) != a.same(b) {
			t.Fatalf("%+v and %+v", a, b)
		}
		token := Token{Value: "x", Expires: time.Now().Add(time.Hour), slot: a.slot()}
		if token.usable(b.slot(), time.Now()) != a.same(b) {
			t.Fatalf("the token for %+v is usable for %+v", a, b)
		}
		if own := (slot{tenant: a.tenant, scopes: a.slot().scopes}); token.usable(own, time.Now()) {
			t.Fatalf("the token for %+v is usable as the application's own", a)
		}
		if a.same(b) {
			same++
		}
	})
	if same == 0 {
		t.Error("no two wishes were the same: the test shows nothing")
	}
}

// P-06: the wait that Entra ID asks for is bounded, whatever the header.
func TestRetryAfterIsBounded(t *testing.T) {
	testkit.Checks(t, "10000")
	now := time.Date(2026, 1, 5, 9, 8, 7, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.StringMatching(`[+-]?[0-9]{0,22}(e[0-9])?`), rapid.String(), rapid.Just(now.Add(time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "date"))).Format(time.RFC1123))).Draw(t, "header")
		e := refusal(503, map[string][]string{"Retry-After": {v}}, nil, now)
		if e.RetryAfter < 0 || e.RetryAfter > maxHold {
			t.Fatalf("%q gives %v", v, e.RetryAfter)
		}
	})
}
