package emulator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// answer is what a client sees of one request.
type answer struct {
	status int // 0: the connection was closed
	header http.Header
	body   string
	err    error
}

// has reports whether the answer has a status and a text in its body or headers.
func (a answer) has(status int, text string) bool {
	return a.status == status && (strings.Contains(a.body, text) || strings.Contains(a.header.Get("Location"), text))
}

// try sends a request that may meet a closed connection.
func try(t *testing.T, req *http.Request) answer {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), err}
}

// signed makes a request to ACS with an access key, as an SDK does.
func signed(t *testing.T, e *emulator.Emulator, key, method, path, body string) *http.Request {
	t.Helper()
	target := path
	if !strings.Contains(path, "?") {
		target += "?api-version=2023-10-01"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, e.ACSURL()+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	date, sum := e.Now().UTC().Format(http.TimeFormat), base64.StdEncoding.EncodeToString(hash(body))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(method + "\n" + target + "\n" + date + ";" + req.URL.Host + ";" + sum))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "x-ms-date": date, "x-ms-content-sha256": sum,
		"Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	} {
		req.Header.Set(name, value)
	}
	return req
}

// acsCall sends a request to ACS with the well-known primary key.
func acsCall(t *testing.T, e *emulator.Emulator, method, path, body string) answer {
	t.Helper()
	return try(t, signed(t, e, emulator.AccessKeyPrimary, method, path, body))
}

// newIdentity creates one and returns its id.
func newIdentity(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	a := acsCall(t, e, "POST", "/identities", "{}")
	if a.status != http.StatusCreated {
		t.Fatalf("create: %+v", a)
	}
	_, rest, _ := strings.Cut(a.body, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func issuePath(id string) string { return "/identities/" + url.PathEscape(id) + "/:issueAccessToken" }

// issueACS creates an identity and returns a token of it.
func issueACS(t *testing.T, e *emulator.Emulator) string {
	t.Helper()
	a := acsCall(t, e, "POST", issuePath(newIdentity(t, e)), `{"scopes":["chat"]}`)
	if a.status != http.StatusOK {
		t.Fatalf("issue: %+v", a)
	}
	_, rest, _ := strings.Cut(a.body, `"token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// askOnBehalf exchanges alice's token for one of Graph.
func askOnBehalf(t *testing.T, e *emulator.Emulator) answer {
	t.Helper()
	return tokenCall(t, e, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "requested_token_use": {"on_behalf_of"},
		"client_id": {emulator.APIClientID}, "client_secret": {emulator.APIClientSecret},
		"assertion": {mint(t, e, emulator.TokenRequest{})}, "scope": {"https://graph.microsoft.com/User.Read"},
	})
}

// tokenCall posts a form to the token endpoint.
func tokenCall(t *testing.T, e *emulator.Emulator, form url.Values) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", tokenURL(e), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return try(t, req)
}

// graphCall sends a request to Graph as alice with the right to write.
func graphCall(t *testing.T, e *emulator.Emulator, method, path, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.GraphURL()+"/v1.0"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+mint(t, e, emulator.TokenRequest{Flaw: emulator.FlawGraph, Scopes: []string{"User.ReadWrite"}}))
	return try(t, req)
}
