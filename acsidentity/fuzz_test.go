package acsidentity

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth"
)

// FuzzAnswers gives any answer to any operation: there is a result that keeps
// its promises, or an *Error with the status, and no secret in any text.
func FuzzAnswers(f *testing.F) {
	for op, good := range []string{createdBody, tokenBody, "", "", tokenBody} {
		for _, status := range []int{200, 201, 204, 302, 400, 401, 429, 503} {
			f.Add(byte(op), status, "Retry-After", "30", good)
		}
		f.Add(byte(op), 201, "Date", "Mon, 05 Jan 2026 09:08:07 GMT", `{"identity":{"id":"`+string(testID)+`"},"accessToken":{"token":"`+canaryJWT+`","expiresOn":"x"}}`)
		f.Add(byte(op), 200, "X-Ms-Error-Code", "C", `{"a":"\u0022","token":["`+canaryJWT+`"],"expiresOn":"2030-01-01T00:00:00Z"}`)
		f.Add(byte(op), 401, "MS-CV", "a\tb", `{"error":{"code":"Denied","message":"`+canaryJWT+` \u202e","target":"x"}}`)
	}
	key, err := NewKeyCredential(testKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n byte, status int, name, value, body string) {
		o := fast()
		o.Transport = always(status, body, name, value)
		o.Retry.MaxRetries = -1
		c, err := NewClientWithKey(testHost, key, o)
		if err != nil {
			t.Fatal(err)
		}
		op := operations()[int(n)%5]
		var created CreateIdentityResponse
		var issued IssueTokenResponse
		switch op.name {
		case "CreateIdentity":
			created, err = c.CreateIdentity(t.Context(), nil)
		case "IssueToken":
			issued, err = c.IssueToken(t.Context(), testID, scopes("chat"), nil)
		default:
			err = op.call(t.Context(), c)
		}
		if err != nil {
			checkError(t, asError(t, err), status)
			if issued.AccessToken.Token != "" || created.AccessToken != nil {
				t.Fatal("a token next to an error")
			}
			return
		}
		want := map[string]int{"CreateIdentity": 201, "IssueToken": 200, "RevokeTokens": 204, "DeleteIdentity": 204, "ExchangeTeamsToken": 200}[op.name]
		if status != want {
			t.Fatalf("%s: success with %d", op.name, status)
		}
		if op.name == "CreateIdentity" && !created.Identity.Valid() {
			t.Fatalf("identity %q", created.Identity)
		}
		if created.AccessToken != nil {
			checkToken(t, *created.AccessToken)
		}
		if op.name == "IssueToken" {
			checkToken(t, issued.AccessToken)
		}
	})
}

func checkToken(t *testing.T, token acsauth.AccessToken) {
	t.Helper()
	if token.Token == "" || len(token.Token) > maxTokenLen || !visible(token.Token) || token.ExpiresOn.Location() != time.UTC {
		t.Fatalf("token %q, %v", token.Token, token.ExpiresOn)
	}
}

func checkError(t *testing.T, e *Error, status int) {
	t.Helper()
	success := status >= 200 && status <= 299
	if e.StatusCode != status || !e.Sent && status != 0 || success == (e.Err == nil) || !success && e.Answer != nil {
		t.Fatalf("status %d: %+v", status, e)
	}
	if len(e.Answer) > maxKeptAnswer || len(e.Message) > maxMessageLen || len(e.Code) > 64 || e.RetryAfter < 0 || e.RetryAfter > time.Hour {
		t.Fatalf("out of bounds: %+v", e)
	}
	text := e.Error()
	if strings.Contains(text+string(e.Answer), canaryJWT) || strings.Contains(text, testKey) {
		t.Fatalf("a secret in %q or %s", text, e.Answer)
	}
	if len(text) > 1500 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00\x1b") {
		t.Fatalf("text %q", text)
	}
}

func FuzzConnectionString(f *testing.F) {
	f.Add("endpoint=https://contoso.communication.azure.com/;accesskey=" + testKey)
	f.Add("accesskey=" + testKey + ";endpoint=http://[::1]:8080;")
	f.Add("endpoint=http://localhost:80///;AccessKey= YQ== ;;")
	f.Fuzz(func(t *testing.T, s string) {
		endpoint, key, err := ParseConnectionString(s)
		if err != nil {
			if _, k, _ := strings.Cut(s, "accesskey="); len(k) > 12 && strings.Contains(err.Error(), k) {
				t.Fatalf("%v repeats %q", err, k)
			}
			return
		}
		if again, err := parseEndpoint(endpoint); err != nil || again != endpoint {
			t.Fatalf("endpoint %q becomes %q, %v", endpoint, again, err)
		}
		if n := len(key.get()); n < 1 || n > maxKeyLen {
			t.Fatalf("key of %d bytes", n)
		}
		req, err := http.NewRequest(http.MethodPost, endpoint+"/identities", nil)
		if err != nil || req.URL.Host != req.Host || req.URL.RequestURI() != "/identities" {
			t.Fatalf("endpoint %q: %v", endpoint, err)
		}
		if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
			t.Fatalf("endpoint %q", endpoint)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"", "0", "30", "1e9", "1000000000", "99999999999999999999", "-1", "junk", "Mon, 05 Jan 2026 09:08:07 GMT", "Monday, 05-Jan-26 09:08:07 GMT"} {
		f.Add(v, v, v)
	}
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		h := http.Header{"Retry-After": {a}, "Retry-After-Ms": {b}, "X-Ms-Retry-After-Ms": {c}}
		if d := RetryAfter(h, now); d < 0 || d > time.Hour {
			t.Fatalf("%q gives %v", h, d)
		}
	})
}
