package emulator_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

const apiScope = emulator.AppIDURI + "/" + emulator.Scope

// shared is one emulator for tests that need no state, clock or options of their own: making keys is the slow part.
var shared = sync.OnceValue(func() *emulator.Emulator {
	e, err := emulator.New(emulator.Options{})
	if err == nil {
		err = e.Start()
	}
	if err != nil {
		panic(err)
	}
	return e
})

// reply is an HTTP answer, read to the end.
type reply struct {
	status int
	header http.Header
	body   string
}

// json decodes the body.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("status %d, body is not JSON: %v: %.200s", r.status, err, r.body)
	}
	return v
}

// browser is a client with cookies that does not follow redirects.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b browser) do(req *http.Request) reply {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

// send makes a request. extra are header names and values.
func (b browser) send(method, target, body string, extra ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(extra); i += 2 {
		req.Header.Set(extra[i], extra[i+1])
	}
	return b.do(req)
}

func (b browser) get(target string, extra ...string) reply {
	b.t.Helper()
	return b.send("GET", target, "", extra...)
}

func (b browser) post(target string, form url.Values, extra ...string) reply {
	b.t.Helper()
	return b.send("POST", target, form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, extra...)...)
}

// with returns a copy of a form with pairs set; an empty value removes the name.
func with(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			out.Del(pairs[i])
		}
	}
	return out
}

const (
	verifier    = "a-code-verifier-that-is-long-enough-for-rfc-7636"
	redirectURI = "http://localhost:3000/redirect.html"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorizeForm is a request that MSAL.js would make.
func authorizeForm() url.Values {
	return url.Values{
		"client_id": {emulator.SPAClientID}, "response_type": {"code"}, "redirect_uri": {redirectURI},
		"scope": {apiScope + " openid profile offline_access"}, "state": {"st+a/te="}, "nonce": {"n-1"},
		"response_mode": {"fragment"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}, "client_info": {"1"},
	}
}

func codeForm(code string) url.Values {
	return url.Values{
		"client_id": {emulator.SPAClientID}, "grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier},
		"redirect_uri": {redirectURI}, "scope": {apiScope + " openid profile offline_access"}, "client_info": {"1"},
	}
}

var actionPattern = regexp.MustCompile(`<form method="post" action="([^"]*)"`)

// pick drives the picker page: it opens the authorize URL and presses the button of a user.
func (b browser) pick(e *emulator.Emulator, form url.Values, user string) reply {
	b.t.Helper()
	page := b.get(e.Authority() + "/oauth2/v2.0/authorize?" + form.Encode())
	if page.status != http.StatusOK {
		b.t.Fatalf("picker: status %d: %s", page.status, page.body)
	}
	action := actionPattern.FindStringSubmatch(page.body)
	if action == nil || !strings.Contains(page.body, `name="user" value="`+user+`"`) {
		b.t.Fatalf("no form for %s in %s", user, page.body)
	}
	return b.post(e.URL()+html.UnescapeString(action[1]), url.Values{"user": {user}}, "Origin", e.URL(), "Sec-Fetch-Site", "same-origin")
}

// answerOf reads the authorization response from a redirect with response_mode fragment.
func answerOf(t *testing.T, r reply) url.Values {
	t.Helper()
	where, fragment, found := strings.Cut(r.header.Get("Location"), "#")
	values, err := url.ParseQuery(fragment)
	if r.status != http.StatusFound || where != redirectURI || !found || err != nil {
		t.Fatalf("status %d, location %q, error %v: %s", r.status, r.header.Get("Location"), err, r.body)
	}
	return values
}

// signIn gets a code for a user.
func (b browser) signIn(e *emulator.Emulator, user string) string {
	b.t.Helper()
	code := answerOf(b.t, b.pick(e, with(authorizeForm(), "prompt", "select_account"), user)).Get("code")
	if code == "" {
		b.t.Fatal("no code")
	}
	return code
}

func tokenURL(e *emulator.Emulator) string { return e.Authority() + "/oauth2/v2.0/token" }

// wantError checks the body of 2.3: code, OAuth error, and everything that belongs to it.
func wantError(t *testing.T, r reply, code int, oauth string) {
	t.Helper()
	status := http.StatusBadRequest
	if oauth == "invalid_client" {
		status = http.StatusUnauthorized
	}
	body := r.json(t)
	codes, _ := body["error_codes"].([]any)
	if r.status != status || body["error"] != oauth || len(codes) != 1 || codes[0] != float64(code) {
		t.Fatalf("status %d, want %d; want AADSTS%d %s, got %s", r.status, status, code, oauth, r.body)
	}
	for _, name := range []string{"error_description", "timestamp", "trace_id", "correlation_id", "error_uri"} {
		if s, _ := body[name].(string); s == "" {
			t.Errorf("error body lacks %s: %s", name, r.body)
		}
	}
	if r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("an error without CORS cannot be read by a browser client")
	}
	if !strings.Contains(r.header.Get("Cache-Control"), "no-store") {
		t.Error("error may be cached")
	}
}

// parts decodes header and claims of a token without looking at the signature.
func parts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("token has %d segments", len(segments))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(segments[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// verify checks the signature with the published keys and nothing of the emulator's code.
func verify(t *testing.T, jwksURL, token string) bool {
	t.Helper()
	head, _ := parts(t, token)
	if head["alg"] != "RS256" {
		return false
	}
	for _, k := range newBrowser(t).get(jwksURL).json(t)["keys"].([]any) {
		key := k.(map[string]any)
		if key["kid"] != head["kid"] {
			continue
		}
		n, err1 := base64.RawURLEncoding.DecodeString(key["n"].(string))
		exp, err2 := base64.RawURLEncoding.DecodeString(key["e"].(string))
		i := strings.LastIndexByte(token, '.')
		sig, err3 := base64.RawURLEncoding.DecodeString(token[i+1:])
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(exp).Int64())}
		sum := sha256.Sum256([]byte(token[:i]))
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}

// wantClaims compares some claims; nil means absent.
func wantClaims(t *testing.T, claims, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if claims[name] != value {
			t.Errorf("claim %s is %v, want %v", name, claims[name], value)
		}
	}
}

func mint(t *testing.T, e *emulator.Emulator, r emulator.TokenRequest) string {
	t.Helper()
	token, err := e.MintToken(r)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
