package authn

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/testkit"
)

// An onlyAnswer gives the same document to every request, and refuses to be asked at any other place.
type onlyAnswer struct {
	t      *testing.T
	hosts  []string
	status int
	body   []byte
	asked  int
}

func (o *onlyAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	o.asked++
	ok := false
	for _, h := range o.hosts {
		ok = ok || r.URL.Scheme+"://"+r.URL.Host == h
	}
	if !ok || r.Method != http.MethodGet || r.Header.Get("Authorization") != "" {
		o.t.Errorf("asked %s %s", r.Method, r.URL)
	}
	return &http.Response{StatusCode: o.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(o.body)), Request: r}, nil
}

const (
	fuzzTenant = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
	fuzzSite   = "https://id.example.com"
)

// discoverySeeds are documents as issuers publish them, and what looks nearly like one.
func discoverySeeds(f *testing.F) {
	v2Doc := `{"issuer":"` + publicAuthority + `/` + fuzzTenant + `/v2.0","jwks_uri":"` + publicAuthority + `/` + fuzzTenant + `/discovery/v2.0/keys","cloud_instance_name":"microsoftonline.com"}`
	v1Doc := `{"issuer":"https://sts.windows.net/` + fuzzTenant + `/","jwks_uri":"` + publicAuthority + `/common/discovery/keys"}`
	open := `{"issuer":"` + fuzzSite + `","jwks_uri":"` + fuzzSite + `/keys"}`
	for _, doc := range []string{v2Doc, v1Doc, open, strings.Replace(open, fuzzSite+"/keys", "https://evil.example/keys", 1), strings.Replace(open, "https://id", "http://id", 2),
		strings.Replace(v2Doc, fuzzTenant, "{tenantid}", 1), `{"issuer":"https://u@sts.windows.net/` + fuzzTenant + `/"}`, `{"issuer":null,"jwks_uri":[]}`,
		`{"issuer":"a","issuer":"` + fuzzSite + `"}`, `{"issuer":"` + fuzzSite + `","jwks_uri":"//id.example.com@evil.example/"}`, "{}", "[]", "", " " + open + "\r\n"} {
		for _, status := range []int{200, 404} {
			f.Add(status, []byte(doc))
		}
	}
}

// Z-04: whatever a discovery document says, the issuer is the expected one, encoding/json reads the same, and keys
// are asked for at the hosts of the authority only.
func FuzzDiscovery(f *testing.F) {
	discoverySeeds(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		answer := &onlyAnswer{t: t, hosts: []string{publicAuthority, fuzzSite}, status: status, body: body}
		v, err := New(Options{Transport: answer, Issuers: []Issuer{
			{AuthorityHost: publicAuthority, TenantIDs: []string{fuzzTenant}, Audiences: []string{"12345678-aaaa-4bbb-8ccc-1234567890ab"}, AllowedClients: []string{"*"}},
			{Kind: OIDC, IssuerURL: fuzzSite, Audiences: []string{"api"}, AllowedClients: []string{"*"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Bounded(t, len(body), func() {
			checked := 0
			for _, i := range v.issuers {
				for _, source := range i.sources {
					for p := range source.used {
						checkDiscovery(t, source, p, answer)
						checked++
					}
				}
			}
			if checked != 3 { // two versions of the tenant, and the other issuer
				t.Fatalf("%d documents", checked)
			}
		})
	})
}

func checkDiscovery(t *testing.T, s *source, p profile, answer *onlyAnswer) {
	answer.asked = 0
	m, err := s.discover(t.Context(), p)
	if answer.asked != 1 {
		t.Fatalf("%d requests", answer.asked)
	}
	if err != nil {
		if m != (metadata{}) || len(err.Error()) > 200 {
			t.Fatalf("%+v beside %v", m, err)
		}
		return
	}
	var theirs map[string]any
	if answer.status != http.StatusOK || json.Unmarshal(answer.body, &theirs) != nil || theirs["issuer"] != m.issuer {
		t.Fatalf("issuer %q from %d %q", m.issuer, answer.status, answer.body)
	}
	if keys, _ := theirs["jwks_uri"].(string); keys != m.keysURL {
		t.Fatalf("keys at %q, by encoding/json %q", m.keysURL, keys)
	}
	if known := s.fixed[p]; known != "" && m.issuer != known {
		t.Fatalf("issuer %q in the place of %q", m.issuer, known)
	}
	if u, err := url.Parse(m.issuer); err != nil || u.User != nil || u.Scheme != "https" {
		t.Fatalf("issuer %q", m.issuer)
	}
	if s.fixed[p] == "" && !strings.Contains(m.issuer, fuzzTenant) {
		t.Fatalf("issuer %q is not of the tenant", m.issuer)
	}
	_, err = s.fetch.get(t.Context(), m.keysURL) // the transport fails for another host
	u, parseErr := url.Parse(m.keysURL)
	if err == nil && (parseErr != nil || u.Fragment != "" || u.User != nil) {
		t.Fatalf("asked for %q", m.keysURL)
	}
}
