package acsidentity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

// documented is the signature as the service's documentation describes it: VERB, path and query, and date;host;hash in
// three lines, HMAC-SHA256 by the decoded key, base64.
func documented(key []byte, method, pathAndQuery, date, host, body string) (hash, authorization string) {
	sum := sha256.Sum256([]byte(body))
	hash = base64.StdEncoding.EncodeToString(sum[:])
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s\n%s\n%s;%s;%s", method, pathAndQuery, date, host, hash)
	return hash, "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A signed request and what it was made of.
type signed struct {
	key                   []byte
	method, url, body     string
	at                    time.Time
	sent                  *http.Request
	path, query, hostName string
}

func genSigned(t *rapid.T) signed {
	segment := rapid.StringMatching(`[A-Za-z0-9:_.~-]{1,12}|%3A|%20|é| `)
	s := signed{
		key:      []byte(rapid.StringMatching(`[a-zA-Z0-9]{16,64}`).Draw(t, "key")),
		method:   rapid.SampledFrom([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}).Draw(t, "method"),
		hostName: rapid.SampledFrom([]string{"contoso.communication.azure.com", "a.communication.azure.us", "127.0.0.1:8080", "[::1]:8443"}).Draw(t, "host"),
		path:     "/" + strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "path"), "/"),
		query:    rapid.StringMatching(`(api-version=2023-10-01)?(&[a-z]{1,4}=[A-Za-z0-9%2F+]{0,6}){0,2}`).Draw(t, "query"),
		body:     rapid.String().Draw(t, "body"),
		at:       time.Unix(rapid.Int64Range(0, 4102444800).Draw(t, "time"), rapid.Int64Range(0, 999999999).Draw(t, "nano")).In(time.FixedZone("x", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)),
	}
	s.url = "https://" + s.hostName + s.path
	if s.query != "" {
		s.url += "?" + s.query
	}
	return s
}

func (s *signed) send(t *rapid.T) bool {
	if _, err := url.Parse(s.url); err != nil {
		return false
	}
	key, err := NewKeyCredential(base64.StdEncoding.EncodeToString(s.key))
	if err != nil {
		t.Fatal(err)
	}
	o := policy.ClientOptions{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		s.sent = r
		return respond(200, ""), nil
	})}
	pl := runtime.NewPipeline(moduleName, moduleVersion, runtime.PipelineOptions{PerRetry: []policy.Policy{&keyPolicy{key: key, now: func() time.Time { return s.at }}}}, &o)
	req, err := runtime.NewRequest(context.Background(), s.method, s.url)
	if err != nil {
		return false
	}
	if s.body != "" {
		if err := req.SetBody(streaming.NopCloser(strings.NewReader(s.body)), "application/json"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pl.Do(req); err != nil {
		t.Fatal(err)
	}
	return true
}

// P-05: each request is signed as documented, over what is really sent: verb, target, date, host and body.
func TestSigningIsAsDocumented(t *testing.T) {
	testkit.Checks(t, "10000")
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		s := genSigned(t)
		if !s.send(t) {
			return
		}
		n++
		h := s.sent.Header
		target := s.sent.URL.EscapedPath()
		if s.sent.URL.RawQuery != "" {
			target += "?" + s.sent.URL.RawQuery
		}
		date := s.at.UTC().Format("Mon, 02 Jan 2006 15:04:05") + " GMT"
		hash, authorization := documented(s.key, s.method, target, date, s.hostName, s.body)
		if h.Get("Authorization") != authorization || h.Get("x-ms-content-sha256") != hash || h.Get("x-ms-date") != date {
			t.Fatalf("%s %s: %q, want %q", s.method, s.url, h, authorization)
		}
		if s.sent.Host != "" && s.sent.Host != s.hostName || s.sent.URL.Host != s.hostName || len(h.Values("Authorization")) != 1 {
			t.Fatalf("host %q, %q", s.sent.Host, s.sent.URL.Host)
		}
		wrong := map[string]string{}
		_, wrong["verb"] = documented(s.key, s.method+"X", target, date, s.hostName, s.body)
		_, wrong["target"] = documented(s.key, s.method, target+"/", date, s.hostName, s.body)
		_, wrong["date"] = documented(s.key, s.method, target, date[1:], s.hostName, s.body)
		_, wrong["host"] = documented(s.key, s.method, target, date, s.hostName+".", s.body)
		_, wrong["body"] = documented(s.key, s.method, target, date, s.hostName, s.body+" ")
		for what, other := range wrong {
			if h.Get("Authorization") == other {
				t.Fatalf("the signature does not cover the %s", what)
			}
		}
	})
	if n < 50 {
		t.Errorf("%d requests were sent: the test shows nothing", n)
	}
}

// P-06: the wait is 0 to 1 h and is the least that a second reading finds, whichever header says it.
func TestRetryAfterAgreesWithASecondReading(t *testing.T) {
	testkit.Checks(t, "10000")
	now := fuzzNow()
	rapid.Check(t, func(t *rapid.T) {
		value := func(name string) string {
			return rapid.OneOf(rapid.StringMatching(`[+-]?[0-9]{0,22}(e[0-9])?`), rapid.String(), rapid.SampledFrom([]string{"", "0", "1", "3600", "3601", "1000000000", now.Add(time.Minute).Format(http.TimeFormat), now.Add(-time.Minute).Format(http.TimeFormat), now.AddDate(100, 0, 0).Format(http.TimeFormat)})).Draw(t, name)
		}
		h := http.Header{"Retry-After": {value("seconds")}, "Retry-After-Ms": {value("ms")}, "X-Ms-Retry-After-Ms": {value("x-ms")}}
		d := RetryAfter(h, now)
		if d < 0 || d > time.Hour {
			t.Fatalf("%q gives %v", h, d)
		}
		h.Del("Retry-After-Ms")
		h.Del("X-Ms-Retry-After-Ms")
		if d, want := RetryAfter(h, now), waitOf(h.Get("Retry-After"), now); d != want {
			t.Fatalf("%q gives %v, want %v", h, d, want)
		}
	})
}
