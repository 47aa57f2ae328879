package acsidentity

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"

	"github.com/acs-solutions/acsauth"
)

func scopes(s ...acsauth.Scope) []acsauth.Scope { return s }

// serve answers as the service does.
func serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("MS-CV", "abcdefghijklmnopqrstuv.0")
	switch {
	case strings.HasSuffix(r.URL.Path, "/identities"):
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusCreated)
		w.Write([]byte(`{"identity":{"id":"` + string(testID) + `","extra":1},"accessToken":` + tokenBody + `,"more":[null]}`))
	case strings.HasSuffix(r.URL.Path, "AccessToken"):
		w.Write([]byte(tokenBody))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// Each method sends exactly the request line, headers and body of the other SDKs.
func TestRequestsOnTheWire(t *testing.T) {
	const v = "?api-version=2023-10-01"
	for _, c := range []struct {
		name, line, body string
		call             func(*Client) error
	}{
		{"create", "POST /identities" + v, `{}`, func(c *Client) error {
			_, err := c.CreateIdentity(t.Context(), nil)
			return err
		}},
		{"create with token", "POST /identities" + v, `{"createTokenWithScopes":["chat","voip"]}`, func(c *Client) error {
			_, err := c.CreateIdentity(t.Context(), &CreateIdentityOptions{Scopes: scopes("chat", "voip")})
			return err
		}},
		{"create with lifetime", "POST /identities" + v, `{"createTokenWithScopes":["chat"],"expiresInMinutes":60}`, func(c *Client) error {
			_, err := c.CreateIdentity(t.Context(), &CreateIdentityOptions{Scopes: scopes("chat"), ExpiresIn: time.Hour + time.Second})
			return err
		}},
		{"issue", "POST " + testPath + "/:issueAccessToken" + v, `{"scopes":["chat","voip"]}`, func(c *Client) error {
			_, err := c.IssueToken(t.Context(), testID, scopes("chat", "voip"), nil)
			return err
		}},
		{"issue with lifetime", "POST " + testPath + "/:issueAccessToken" + v, `{"scopes":["voip.join"],"expiresInMinutes":120}`, func(c *Client) error {
			_, err := c.IssueToken(t.Context(), testID, scopes("voip.join"), &IssueTokenOptions{ExpiresIn: 2 * time.Hour})
			return err
		}},
		{"revoke", "POST " + testPath + "/:revokeAccessTokens" + v, "", func(c *Client) error {
			_, err := c.RevokeTokens(t.Context(), testID, nil)
			return err
		}},
		{"delete", "DELETE " + testPath + v, "", func(c *Client) error {
			_, err := c.DeleteIdentity(t.Context(), testID, nil)
			return err
		}},
		{"exchange", "POST /teamsUser/:exchangeAccessToken" + v, `{"token":"AAD","appId":"` + testClient + `","userId":"` + testObject + `"}`, func(c *Client) error {
			_, err := c.ExchangeTeamsToken(t.Context(), TeamsUser{"AAD", testClient, testObject}, nil)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, srv := record(t, serve)
			if err := c.call(keyClient(t, srv.URL, nil)); err != nil {
				t.Fatal(err)
			}
			all := rec.all()
			if len(all) != 1 {
				t.Fatalf("%d requests, want 1", len(all))
			}
			checkWire(t, all[0], c.line, c.body, srv.URL)
		})
	}
}

func checkWire(t *testing.T, got recorded, line, body, url string) {
	t.Helper()
	want := recorded{line: line, host: strings.TrimPrefix(url, "http://"), body: body, length: int64(len(body)), header: got.header}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(recorded{})); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	forms := map[string]string{
		"Accept":                 `^application/json$`,
		"User-Agent":             `^azsdk-go-acsidentity/v\d+\.\d+\.\d+ \(go`,
		"X-Ms-Client-Request-Id": `^[0-9a-f-]{36}$`,
		"X-Ms-Date":              `^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$`,
		"X-Ms-Content-Sha256":    `^[A-Za-z0-9+/]{43}=$`,
		"Authorization":          `^HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=[A-Za-z0-9+/]{43}=$`,
	}
	if body != "" {
		forms["Content-Type"] = `^application/json$`
	}
	if body != "" || strings.HasPrefix(line, "POST") {
		forms["Content-Length"] = `^\d+$`
	}
	for name, form := range forms {
		if !regexp.MustCompile(form).MatchString(got.header.Get(name)) {
			t.Errorf("header %s = %q, want %s", name, got.header.Get(name), form)
		}
	}
	for name := range got.header {
		if forms[name] == "" {
			t.Errorf("header %s = %q was not expected", name, got.header.Get(name))
		}
	}
}

func TestResults(t *testing.T) {
	_, srv := record(t, serve)
	c := keyClient(t, srv.URL+"/", nil)
	if c.Endpoint() != srv.URL {
		t.Errorf("Endpoint() = %q, want %q", c.Endpoint(), srv.URL)
	}
	want := acsauth.AccessToken{Token: "tok.en.sig", ExpiresOn: time.Date(2023, 1, 10, 14, 18, 20, 150151900, time.UTC)}
	created, err := c.CreateIdentity(t.Context(), nil)
	if err != nil || created.Identity != testID || created.AccessToken == nil || *created.AccessToken != want || len(created.RequestID) != 36 {
		t.Errorf("create = %+v, %v", created, err)
	}
	issued, err := c.IssueToken(t.Context(), testID, scopes("chat"), nil)
	if err != nil || issued.AccessToken != want || len(issued.RequestID) != 36 {
		t.Errorf("issue = %+v, %v", issued, err)
	}
	exchanged, err := c.ExchangeTeamsToken(t.Context(), TeamsUser{"AAD", testClient, testObject}, nil)
	if err != nil || exchanged.AccessToken != want || len(exchanged.RequestID) != 36 {
		t.Errorf("exchange = %+v, %v", exchanged, err)
	}
	revoked, err := c.RevokeTokens(t.Context(), testID, nil)
	if err != nil || len(revoked.RequestID) != 36 {
		t.Errorf("revoke = %+v, %v", revoked, err)
	}
	deleted, err := c.DeleteIdentity(t.Context(), testID, nil)
	if err != nil || len(deleted.RequestID) != 36 {
		t.Errorf("delete = %+v, %v", deleted, err)
	}
}

func TestAccessTokenMayBeNull(t *testing.T) {
	for _, body := range []string{createdBody, `{"identity":{"id":"` + string(testID) + `"},"accessToken":null}`} {
		c := keyClient(t, testHost, with(always(201, body)))
		r, err := c.CreateIdentity(t.Context(), &CreateIdentityOptions{Scopes: scopes("chat")})
		if err != nil || r.AccessToken != nil || r.Identity != testID {
			t.Errorf("%s: %+v, %v", body, r, err)
		}
	}
}

func TestCustomIDNeedsItsVersion(t *testing.T) {
	var body, query string
	tr := transportFunc(func(r *http.Request) (*http.Response, error) {
		b, err := readBody(r)
		body, query = string(b), r.URL.RawQuery
		return respond(201, createdBody), err
	})
	o := with(tr)
	o.APIVersion = CustomIDAPIVersion
	if _, err := keyClient(t, testHost, o).CreateIdentity(t.Context(), &CreateIdentityOptions{CustomID: "a&b", Scopes: scopes("chat")}); err != nil {
		t.Fatal(err)
	}
	if want := `{"customId":"a\u0026b","createTokenWithScopes":["chat"]}`; body != want || query != "api-version=2025-03-02-preview" {
		t.Errorf("body %s, query %s; want %s", body, query, want)
	}
	body = ""
	for _, c := range []struct{ version, id string }{{"", "a"}, {"2025-06-30", "a"}, {CustomIDAPIVersion, strings.Repeat("a", 257)}, {CustomIDAPIVersion, "\xff"}} {
		o := with(tr)
		o.ClientOptions.APIVersion = c.version
		_, err := keyClient(t, testHost, o).CreateIdentity(t.Context(), &CreateIdentityOptions{CustomID: c.id})
		if e := asError(t, err); e.Sent || e.StatusCode != 0 || e.Code != CodeValidationError || body != "" {
			t.Errorf("version %q: %v, body sent %q", c.version, err, body)
		}
	}
}

func TestBearer(t *testing.T) {
	cred := &credential{token: "entra-token"}
	var sent http.Header
	o := with(transportFunc(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return respond(201, createdBody), nil
	}))
	c, err := NewClient(testHost, cred, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if sent.Get("Authorization") != "Bearer entra-token" || sent.Get("X-Ms-Date") != "" || sent.Get("X-Ms-Content-Sha256") != "" {
		t.Errorf("headers = %v", sent)
	}
	if len(cred.scopes) != 1 || cred.scopes[0] != "https://communication.azure.com//.default" {
		t.Errorf("scopes = %q", cred.scopes)
	}
}

func TestBearerOverHTTP(t *testing.T) {
	rec, srv := record(t, serve)
	for _, allowed := range []bool{false, true} {
		c, err := NewClient(srv.URL, &credential{token: "t"}, &ClientOptions{InsecureAllowHTTP: allowed})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateIdentity(t.Context(), nil)
		if allowed != (err == nil) {
			t.Errorf("allowed %v: %v", allowed, err)
		}
		if err != nil && asError(t, err).Sent {
			t.Errorf("refused, and yet sent: %v", err)
		}
	}
	if n := len(rec.all()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if _, err := NewClient("http://acs.example", &credential{}, &ClientOptions{InsecureAllowHTTP: true}); err == nil {
		t.Error("http to another host was accepted")
	}
	if _, err := NewClient(testHost, nil, nil); err == nil {
		t.Error("a nil credential was accepted")
	}
}

// The path that is signed is the one that a server sees.
func TestEscapeRoundTrip(t *testing.T) {
	u, err := url.Parse(testHost + identityPath(testID))
	if err != nil || u.RequestURI() != testPath || u.Path != "/identities/"+string(testID) {
		t.Errorf("request target %q, path %q, %v", u.RequestURI(), u.Path, err)
	}
}

var _ azcore.TokenCredential = (*credential)(nil)
