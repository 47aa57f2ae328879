package graph

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/entra"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"github.com/acs-solutions/acsauth/storetest"
)

const fuzzTenant = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"

var fuzzKey = acsauth.UserKey{Issuer: "https://login.example/" + fuzzTenant + "/v2.0", Subject: "bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"}

// A graphAnswer is what Graph says to every request; Entra ID always gives a token.
type graphAnswer struct {
	status       int
	after, claim string
	body         []byte
}

func (g *graphAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	if strings.HasSuffix(r.URL.Path, "/token") {
		return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(`{"token_type":"Bearer","access_token":"t","expires_in":3600}`)), Request: r}, nil
	}
	h.Set("Retry-After", g.after)
	h.Set("WWW-Authenticate", g.claim)
	return &http.Response{StatusCode: g.status, Header: h, Body: io.NopCloser(bytes.NewReader(g.body)), Request: r}, nil
}

// fuzzStore is a store of application mode whose Graph is answer. It repeats nothing.
func fuzzStore(f *testing.F, answer *graphAnswer) *Store {
	f.Helper()
	c, err := entra.New(entra.Options{AuthorityHost: "https://login.example", Tenants: []string{fuzzTenant}, ClientID: fuzzTenant, Secret: "s", Transport: answer})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	s, err := Open(f.Context(), Options{BaseURL: "https://graph.example", Mode: Application, Entra: c, MACKeys: []MACKey{keyOne, keyTwo}, Resource: "r", Issuer: fuzzKey.Issuer, Journal: storetest.NewMemory(), Transport: answer})
	if err != nil {
		f.Fatal(err)
	}
	s.timing.patience, s.timing.firstPause = 0, time.Microsecond
	return s
}

// Z-08: whatever Graph answers to reading a user or a page of users, the result is the one row that was signed, no row,
// or an error of a kind that says nothing of the answer.
func FuzzGraphAnswers(f *testing.F) {
	answer := &graphAnswer{}
	s := fuzzStore(f, answer)
	row := acsauth.Mapping{Key: fuzzKey, State: acsauth.Active, Attempt: "a", Identity: "8:acs:r_x", Resource: "r", Generation: 1}
	text, err := s.payload(row)
	if err != nil {
		f.Fatal(err)
	}
	user := `{"id":"` + fuzzKey.Subject + `","extensions":[` + strings.TrimSpace(string(text)) + `]}`
	for _, body := range []string{user, strings.Replace(user, "r_x", "r_y", 1), strings.Replace(user, fuzzKey.Subject, fuzzTenant, 1), `{"value":[` + user + `],"@odata.nextLink":"https://graph.example/v1.0/users?$skiptoken=abc"}`,
		`{"value":[` + user + `,` + user + `],"@odata.nextLink":"https://evil.example/?$skiptoken=a%26b"}`, `{"error":{"code":"Request_BadRequest","message":"already exists"}}`, `{"error":{"code":"<secret-canary>"}}`, "[]", "null", "", "{\"id\":7}", "\xff"} {
		for _, status := range []int{200, 204, 302, 401, 404, 429, 503} {
			f.Add(status, "1", "", []byte(body))
		}
	}
	f.Add(401, "Mon, 05 Jan 2026 09:08:07 GMT", `Bearer error="insufficient_claims", claims="e30="`, []byte("{}"))
	f.Fuzz(func(t *testing.T, status int, after, claim string, body []byte) {
		if status < 100 || status > 999 {
			return // no HTTP client gives such a one
		}
		*answer = graphAnswer{status, after, claim, body}
		testkit.Bounded(t, len(body), func() {
			e, err := s.fetch(t.Context(), fuzzKey)
			if err == nil && e != nil && !e.unsigned && e.unreadable == nil && e.row != row {
				t.Fatalf("read %+v", e.row)
			}
			checkRefusal(t, status, body, err)
			lister, _ := s.Users()
			rows, next, err := lister.List(t.Context(), "", 10)
			if len(rows) > 1000 || err != nil && next != "" {
				t.Fatalf("%d rows, next %q, %v", len(rows), next, err)
			}
			for _, r := range rows {
				if r != row {
					t.Fatalf("listed %+v", r)
				}
			}
			if next != "" && (!strings.HasPrefix(next, cursorPrefix) || len(next) > maxToken+len(cursorPrefix)) {
				t.Fatalf("next %q", next)
			}
			checkRefusal(t, status, body, err)
		})
	})
}

// checkRefusal fails unless err is of a kind, and in bounds, and none if the answer was no success.
func checkRefusal(t *testing.T, status int, body []byte, err error) {
	t.Helper()
	if err == nil {
		if status/100 != 2 {
			t.Fatalf("status %d is taken for a success", status)
		}
		return
	}
	e, ok := errors.AsType[*acsauth.Error](err)
	if !ok || e.Code == "" || e.Detail == "" || e.Hint == "" && e.Kind != acsauth.Internal && e.Kind != acsauth.StepUp || e.RetryAfter < 0 || e.RetryAfter > time.Minute || e.Kind == acsauth.Unauthenticated {
		if !ok || e.Kind != acsauth.Internal {
			t.Fatalf("%#v", err)
		}
	}
	if said := err.Error() + e.Detail + e.Hint; len(body) >= 12 && !strings.Contains("Request_BadRequest", string(body)) && strings.Contains(said, string(body)) || strings.Contains(said, fuzzKey.Subject) {
		t.Fatalf("the error tells what Graph said: %v", err)
	}
}

// Z-15: a signature is good for the row it was made for and for no other, whatever the fields and whatever the signature.
func FuzzMAC(f *testing.F) {
	s := &Store{o: Options{MACKeys: []MACKey{keyOne, keyTwo}, Extension: DefaultExtension}}
	base := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "i", Subject: "s"}, Identity: "8:acs:r_x", Attempt: "a", Resource: "r", Generation: 1}
	good := s.sign(base)
	second := keyTwo.mac(base, DefaultExtension)
	f.Add("i", "s", "8:acs:r_x", "a", "r", int64(1), good)
	f.Add("i", "s", "8:acs:r_x", "a", "r", int64(1), second)
	f.Add("is", "", "8:acs:r_x", "a", "r", int64(1), good)
	f.Add("i", "s", "8:acs:r_x", "a1", "r", int64(0), good)
	f.Add("i", "s", "8:acs:r_x", "a", "r", int64(1), "two."+strings.TrimPrefix(good, "one."))
	f.Add("", "", "", "", "", int64(-1), "")
	f.Fuzz(func(t *testing.T, issuer, subject, identity, attempt, resource string, generation int64, mac string) {
		m := acsauth.Mapping{Key: acsauth.UserKey{Issuer: issuer, Subject: subject}, Identity: acsauth.Identity(identity), Attempt: attempt, Resource: resource, Generation: generation}
		testkit.Bounded(t, len(issuer)+len(subject)+len(identity)+len(attempt)+len(resource)+len(mac), func() {
			if s.verify(m, mac) && !(m == base && (mac == good || mac == second)) && mac != s.sign(m) && mac != keyTwo.mac(m, DefaultExtension) {
				t.Fatalf("accepted %q for %+v", mac, m)
			}
			if m != base && (s.verify(m, good) || s.verify(m, second) || s.sign(m) == good) {
				t.Fatalf("the signature of another row is accepted for %+v", m)
			}
			if !s.verify(m, s.sign(m)) {
				t.Fatalf("the own signature of %+v is refused", m)
			}
		})
	})
}

// Z-12: the wait that Graph asks for is 0 to 30 s.
func FuzzGraphRetryAfter(f *testing.F) {
	for _, v := range []string{"", "0", "5", "30", "31", "2147483648", "99999999999999999999", "-1", "1e3", "Mon, 05 Jan 2026 09:08:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "junk"} {
		f.Add(v)
	}
	now := time.Date(2026, 1, 5, 9, 8, 7, 0, time.UTC)
	f.Fuzz(func(t *testing.T, v string) {
		d := retryAfter(http.Header{"Retry-After": {v}}, now)
		if d < 0 || d > maxRetryAfter || d == 0 && len(v) <= 2 && v >= "01" && v <= "30" && strings.Trim(v, "0123456789") == "" && len(v) == 2 {
			t.Fatalf("%q gives %v", v, d)
		}
	})
}
