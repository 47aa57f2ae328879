package server_test

import (
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/google/go-cmp/cmp"
)

// after lets n pass and then none, and notes what it was asked.
func after[K any](n int, seen *[]K) func(K) (time.Duration, bool) {
	return func(k K) (time.Duration, bool) {
		*seen = append(*seen, k)
		n--
		return 1500 * time.Millisecond, n >= 0
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var addresses []netip.Addr
		w := newWorld(t, func(o *serverOptions) { o.Limits.Address = after(1, &addresses) })
		w.do("GET", "/getUser", "").is(t, 401, "token_missing")
		a := w.do("GET", "/getUser", "", w.alice())
		a.is(t, 429, "address_limit")
		if a.Header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
		}
		w.do("GET", "/livez", "").is(t, 200, "")
		if want := netip.MustParseAddr("203.0.113.9"); len(addresses) != 2 || addresses[0] != want {
			t.Errorf("%v", addresses)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var users []acsauth.UserKey
		w := newWorld(t, func(o *serverOptions) { o.Limits.User = after(1, &users) })
		w.do("GET", "/getUser", "", w.bearer(userClaims(aliceOID).with("exp", 1))).is(t, 401, "token_expired") // not counted: who knows whose it is
		w.do("GET", "/getUser", "", w.alice()).is(t, 201, "")
		w.do("GET", "/getUser", "", w.alice()).is(t, 429, "user_limit")
		if len(users) != 2 || users[0].Subject != aliceOID {
			t.Errorf("%d", len(users))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var tenants []string
		w := newWorld(t, func(o *serverOptions) { o.Limits.Tenant = after(1, &tenants) })
		w.do("GET", "/getUser", "", w.alice()).is(t, 201, "")
		admin(w, "/api/admin/lookup", "").is(t, 429, "tenant_limit")
		if diff := cmp.Diff([]string{authority + "/" + tenantID + "/v2.0", authority + "/" + tenantID + "/v2.0"}, tenants); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAddressBehindProxies: the address is what ClientAddress says, and no header changes it otherwise.
func TestAddressBehindProxies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []netip.Addr
		forged := header("X-Forwarded-For", "198.51.100.1")
		w := newWorld(t, func(o *serverOptions) { o.Limits.Address = after(9, &seen) })
		w.do("GET", "/getUser", "", forged, header("Forwarded", "for=198.51.100.1"), header("X-Real-Ip", "198.51.100.1"))
		proxied := newWorld(t, func(o *serverOptions) {
			o.Limits.Address = after(9, &seen)
			o.ClientAddress = func(remote string, h http.Header) netip.Addr { return netip.MustParseAddr(h.Get("X-Forwarded-For")) }
		})
		proxied.do("GET", "/getUser", "", forged)
		want := []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.1")}
		if len(seen) != 2 || seen[0] != want[0] || seen[1] != want[1] {
			t.Errorf("%v", seen)
		}
	})
}

func TestSecureTellsBrowsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for secure, want := range map[bool]string{true: "max-age=31536000", false: ""} {
			w := newWorld(t, func(o *serverOptions) { o.Secure = secure })
			if got := w.do("GET", "/livez", "").Header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("%v: %q", secure, got)
			}
		}
	})
}

// TestProblemsNameBothSides: expected and found of a refused scope.
func TestProblemsNameBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		o := w.do("GET", "/getToken?scopes=voip", "", w.alice()).object(t)
		if o["code"] != "scope_not_allowed" || o["expected"] != "scopes within chat,voip.join" || o["found"] != "voip" {
			t.Errorf("%v", o)
		}
	})
}

func TestExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		empty := w.do("GET", "/api/user/export", "", w.alice()).object(t)
		user := map[string]any{"issuer": authority + "/" + tenantID + "/v2.0", "subject": aliceOID}
		want := map[string]any{"user": user, "mapping": nil, "journal": []any{}, "complete": true, "elsewhere": empty["elsewhere"]}
		if diff := cmp.Diff(want, empty); diff != "" {
			t.Error(diff)
		}
		id := w.do("POST", "/getUser", "", w.alice()).object(t)["id"]
		key := acsauth.UserKey{Issuer: user["issuer"].(string), Subject: aliceOID}
		other := acsauth.UserKey{Issuer: key.Issuer, Subject: bobOID}
		for _, k := range []acsauth.UserKey{key, other} {
			line := acsauth.JournalLine{Attempt: "a", Kind: acsauth.Suspect, User: k.Hash(), Resource: acsResource}
			if err := w.store.PutLine(t.Context(), line); err != nil {
				t.Fatal(err)
			}
		}
		full := w.do("GET", "/api/user/export", "", w.alice()).object(t)
		want["mapping"] = map[string]any{"state": "active", "acsUserIdentity": id, "resource": acsResource, "generation": 1.0}
		lines := full["journal"].([]any)
		if len(lines) != 1 || lines[0].(map[string]any)["kind"] != "suspect" {
			t.Errorf("journal: %v", lines)
		}
		want["journal"] = full["journal"]
		if diff := cmp.Diff(want, full); diff != "" {
			t.Error(diff)
		}
	})
}
