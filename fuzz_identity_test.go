package acsauth_test

import (
	"encoding/json"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/testkit"
)

// resourceOf reads an id by hand, without the pattern of the package.
func resourceOf(id string) (resource string, ok bool) {
	rest := ""
	for _, cloud := range []string{"8:acs:", "8:gcch-acs:", "8:dod-acs:"} {
		if strings.HasPrefix(id, cloud) {
			rest = id[len(cloud):]
		}
	}
	resource, user, found := strings.Cut(rest, "_")
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
	ok = found && len(resource) >= 1 && len(resource) <= 64 && len(user) >= 1 && len(user) <= 160 &&
		strings.Trim(resource, letters) == "" && strings.Trim(user, letters+"_") == ""
	return resource, ok
}

// Z-11: an id is accepted exactly if a second reading accepts it, and then it is safe in a URL, in JSON and in a line of text.
func FuzzIdentity(f *testing.F) {
	for _, s := range []string{
		"8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081", "8:gcch-acs:a_b", "8:dod-acs:a_b_c", "8:acs:_", "8:acs:a_",
		"8:acs:a_b\n", "8:acs:a_../../x", "8:acs:a_b%2f", "8:acs:a_é", "8:orgid:a", "8:acs:8:acs:a_b", "4:+15550100", "8:acs:a_" + strings.Repeat("b", 161), "8:ACS:a_b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		testkit.Bounded(t, len(s), func() {
			id := acsauth.Identity(s)
			resource, ok := resourceOf(s)
			if id.Valid() != ok {
				t.Fatalf("%q: valid is %v", s, id.Valid())
			}
			if !ok {
				if id.Resource() != "" {
					t.Fatalf("%q has the resource %q", s, id.Resource())
				}
				return
			}
			if id.Resource() != resource || len(s) > acsauth.MaxIdentityLen {
				t.Fatalf("%q has the resource %q", s, id.Resource())
			}
			u, err := url.Parse("https://acs.example/identities/" + url.PathEscape(s) + "?a=b")
			if err != nil || u.Path != "/identities/"+s || path.Clean(u.Path) != u.Path || u.RawQuery != "a=b" {
				t.Fatalf("%q changes the URL to %v", s, u)
			}
			if text, err := json.Marshal(id); err != nil || string(text) != `"`+s+`"` {
				t.Fatalf("%q is written as %s", s, text)
			}
		})
	})
}

// Z-15 and P-03: two different keys have different hashes, also where the parts only end elsewhere.
func FuzzUserKey(f *testing.F) {
	f.Add("https://login.example/t/v2.0", "alice", "https://login.example/t/v2.0", "bob")
	f.Add("ab", "c", "a", "bc")
	f.Add("", "a", "a", "")
	f.Add("a", "b", "a", "b")
	f.Add("a\x00\x00\x00\x00\x00\x00\x00\x01b", "c", "a", "b\x00\x00\x00\x00\x00\x00\x00\x01c")
	f.Fuzz(func(t *testing.T, i1, s1, i2, s2 string) {
		a, b := acsauth.UserKey{Issuer: i1, Subject: s1}, acsauth.UserKey{Issuer: i2, Subject: s2}
		if (a == b) != (a.Hash() == b.Hash()) {
			t.Fatalf("%q and %q have the hashes %s and %s", a, b, a.Hash(), b.Hash())
		}
		if h := a.Hash(); len(h) != 64 || strings.Trim(h, "0123456789abcdef") != "" {
			t.Fatalf("hash %q", h)
		}
	})
}
