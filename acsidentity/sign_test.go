package acsidentity

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

const vectorDate = "Mon, 05 Jan 2026 09:08:07 GMT"

// sign sends one request through a pipeline with the real policy and returns it as it would leave.
func sign(t *testing.T, method, url, body string, now time.Time) *http.Request {
	t.Helper()
	key, err := NewKeyCredential(testKey)
	if err != nil {
		t.Fatal(err)
	}
	var sent *http.Request
	o := policy.ClientOptions{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		sent = r
		return respond(200, ""), nil
	})}
	pl := runtime.NewPipeline(moduleName, moduleVersion, runtime.PipelineOptions{
		PerRetry: []policy.Policy{&keyPolicy{key: key, now: func() time.Time { return now }}}}, &o)
	req, err := runtime.NewRequest(t.Context(), method, url)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		if err := req.SetBody(streaming.NopCloser(strings.NewReader(body)), "application/json"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pl.Do(req); err != nil {
		t.Fatal(err)
	}
	return sent
}

// The vectors were made by the JavaScript SDK with a frozen clock.
func TestSignatureVectors(t *testing.T) {
	now, err := http.ParseTime(vectorDate)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ method, url, body, hash, signature string }{
		{"POST", testHost + "/identities?api-version=2023-10-01", "",
			"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "Wxa4CWBv3ZH66b784PeBS2I3RoqkdeDD2OLaNzcOwXg="},
		{"POST", testHost + "/identities?api-version=2023-10-01", `{"createTokenWithScopes":["chat","voip"],"expiresInMinutes":60}`,
			"jENEeifYNCidF9FcfXJ54WzhK3ED/2UrQyA4+oWOZKc=", "Q5rwPTXJaqoyrYcLs09ZzvJTDNr4stY//gNiPzrklws="},
		{"POST", "http://127.0.0.1:8080" + testPath + "/:issueAccessToken?api-version=2023-10-01", `{"scopes":["chat"]}`,
			"J+doRQjtFVYLx3qOvzptwBLjQWqy6OEWEEk1TY1+rT4=", "uy8xtWqG/xuA0mIPThWE6qr4fprt/ZWJdAnIkfn702c="},
		{"DELETE", testHost + testPath + "?api-version=2023-10-01", "",
			"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "nYn/jvS+yqeD6c8z09wixCfH5+9AC1WIwye0FuAdOrM="},
	} {
		r := sign(t, v.method, v.url, v.body, now)
		for name, want := range map[string]string{
			"X-Ms-Date":           vectorDate,
			"X-Ms-Content-Sha256": v.hash,
			"Authorization":       "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + v.signature,
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s %s: %s = %q, want %q", v.method, v.url, name, got, want)
			}
		}
	}
}

// The client builds the very requests of vectors 2, 3 and 4.
func TestClientMakesTheVectors(t *testing.T) {
	now, _ := http.ParseTime(vectorDate)
	var got string
	o := with(transportFunc(func(r *http.Request) (*http.Response, error) {
		got = r.Header.Get("Authorization")
		switch {
		case r.Method == "DELETE":
			return respond(204, ""), nil
		case strings.HasSuffix(r.URL.Path, "/identities"):
			return respond(201, createdBody), nil
		}
		return respond(200, tokenBody), nil
	}))
	key, _ := NewKeyCredential(testKey)
	client := func(endpoint string) *Client {
		c, err := newKeyClient(endpoint, key, o, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	check := func(err error, signature string) {
		t.Helper()
		if err != nil || !strings.HasSuffix(got, "&Signature="+signature) {
			t.Errorf("Authorization = %q, error = %v; want signature %s", got, err, signature)
		}
	}
	_, err := client(testHost).CreateIdentity(t.Context(), &CreateIdentityOptions{Scopes: scopes("chat", "voip"), ExpiresIn: time.Hour})
	check(err, "Q5rwPTXJaqoyrYcLs09ZzvJTDNr4stY//gNiPzrklws=")
	_, err = client("http://127.0.0.1:8080/").IssueToken(t.Context(), testID, scopes("chat"), nil)
	check(err, "uy8xtWqG/xuA0mIPThWE6qr4fprt/ZWJdAnIkfn702c=")
	_, err = client("HTTPS://Contoso.Communication.Azure.com:443/").DeleteIdentity(t.Context(), testID, nil)
	check(err, "nYn/jvS+yqeD6c8z09wixCfH5+9AC1WIwye0FuAdOrM=")
}

// Whatever part of a request changes, the string to sign changes and holds it.
func TestStringToSignCoversTheRequest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+rnd.IntN(12))
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[rnd.IntN(36)]
		}
		return string(b)
	}
	type parts struct {
		method, host, path, query, body string
		at                              time.Time
	}
	random := func() parts {
		return parts{[]string{"POST", "DELETE", "GET"}[rnd.IntN(3)], word() + ".example:" + "8" + string('0'+rune(rnd.IntN(10))),
			"/" + word() + "%3A" + word(), "api-version=" + word(), word(), time.Unix(rnd.Int64N(4e9), 0)}
	}
	signed := func(p parts) (text, signature string) {
		r := sign(t, p.method, "https://"+p.host+p.path+"?"+p.query, p.body, p.at)
		_, signature, _ = strings.Cut(r.Header.Get("Authorization"), "&Signature=")
		return stringToSign(r, r.Header.Get("X-Ms-Date"), r.Header.Get("X-Ms-Content-Sha256")), signature
	}
	key, _ := base64.StdEncoding.DecodeString(testKey)
	for range 200 {
		p := random()
		text, sig := signed(p)
		want := p.method + "\n" + p.path + "?" + p.query + "\n" + p.at.UTC().Format(http.TimeFormat) + ";" + p.host + ";"
		if !strings.HasPrefix(text, want) || len(text) != len(want)+44 {
			t.Fatalf("string to sign = %q, want %q and a hash", text, want)
		}
		if sig != signature(key, text) {
			t.Fatalf("the signature of %q is not what was sent", text)
		}
		o := random()
		for i, q := range []parts{
			{o.method, p.host, p.path, p.query, p.body, p.at}, {p.method, o.host, p.path, p.query, p.body, p.at},
			{p.method, p.host, o.path, p.query, p.body, p.at}, {p.method, p.host, p.path, o.query, p.body, p.at},
			{p.method, p.host, p.path, p.query, o.body, p.at}, {p.method, p.host, p.path, p.query, p.body, o.at},
		} {
			if _, other := signed(q); (other == sig) != (q == p) {
				t.Fatalf("change %d: %+v and %+v: same signature is %v", i, p, q, other == sig)
			}
		}
	}
}

func TestKeyUpdateHoldsForTheNextTry(t *testing.T) {
	key, _ := NewKeyCredential(testKey)
	var seen []string
	tr := transportFunc(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Get("Authorization"))
		if len(seen) == 1 {
			if err := key.Update("bmV3IGtleQ=="); err != nil {
				t.Error(err)
			}
			return respond(503, ""), nil
		}
		return respond(204, ""), nil
	})
	o := fast()
	o.Transport = tr
	now := time.Now()
	c, err := newKeyClient(testHost, key, o, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.RevokeTokens(t.Context(), testID, nil); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0] == seen[1] {
		t.Errorf("signatures = %q, want two that differ", seen)
	}
}

func TestContentHashLeavesTheBodyAtItsStart(t *testing.T) {
	req, _ := runtime.NewRequest(t.Context(), "POST", testHost)
	if err := req.SetBody(streaming.NopCloser(bytes.NewReader([]byte("abc"))), "text/plain"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		hash, err := contentHash(req)
		if want := "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="; err != nil || hash != want {
			t.Errorf("hash = %q, %v; want %q", hash, err, want)
		}
	}
}
