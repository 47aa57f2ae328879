package acs

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	vectorDate = "Mon, 05 Jan 2026 09:08:07 GMT"
	vectorID   = "8%3Aacs%3A2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081"
	emptyHash  = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
)

// vectors were made by the vendor's JavaScript client with a frozen clock.
var vectors = []struct {
	method, host, target, body, hash, signature string
	code                                        string // of the refusal behind the signature check, "" for 201
}{
	{"POST", testHost, "/identities?api-version=2023-10-01", "", emptyHash, "Wxa4CWBv3ZH66b784PeBS2I3RoqkdeDD2OLaNzcOwXg=", ""},
	{"POST", testHost, "/identities?api-version=2023-10-01", `{"createTokenWithScopes":["chat","voip"],"expiresInMinutes":60}`,
		"jENEeifYNCidF9FcfXJ54WzhK3ED/2UrQyA4+oWOZKc=", "Q5rwPTXJaqoyrYcLs09ZzvJTDNr4stY//gNiPzrklws=", ""},
	{"POST", "127.0.0.1:8080", "/identities/" + vectorID + "/:issueAccessToken?api-version=2023-10-01", `{"scopes":["chat"]}`,
		"J+doRQjtFVYLx3qOvzptwBLjQWqy6OEWEEk1TY1+rT4=", "uy8xtWqG/xuA0mIPThWE6qr4fprt/ZWJdAnIkfn702c=", "IdentityNotOwned"},
	{"DELETE", testHost, "/identities/" + vectorID + "?api-version=2023-10-01", "", emptyHash,
		"nYn/jvS+yqeD6c8z09wixCfH5+9AC1WIwye0FuAdOrM=", "IdentityNotOwned"},
}

func vectorRequest(i int) *http.Request {
	v := vectors[i]
	r := httptest.NewRequest(v.method, v.target, strings.NewReader(v.body))
	r.Host = v.host
	r.Header.Set("x-ms-date", vectorDate)
	r.Header.Set("x-ms-content-sha256", v.hash)
	r.Header.Set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+v.signature)
	return r
}

func TestSignatureVectors(t *testing.T) {
	f := newFixture(t, nil)
	for i, v := range vectors {
		for range 2 { // clients replay a signature when they retry
			w := f.serve(vectorRequest(i))
			if v.code == "" && w.Code != 201 {
				t.Errorf("vector %d: %d %s", i+1, w.Code, w.Body)
			}
			if v.code != "" {
				wantRefusal(t, w, 401, v.code, "")
			}
		}
	}
}

func TestSignatureRefusals(t *testing.T) {
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	edit := func(from, to string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		}
	}
	for name, change := range map[string]func(*http.Request){
		"no header":           func(r *http.Request) { r.Header.Del("Authorization") },
		"two headers":         func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) },
		"unknown scheme":      edit("HMAC-SHA256", "HMAC-SHA512"),
		"empty":               set("Authorization", ""),
		"scheme only":         set("Authorization", "HMAC-SHA256"),
		"signature changed":   edit("Wxa4", "Wxa5"),
		"signature not b64":   edit("Wxa4", "Wx*4"),
		"signature short":     edit("Wxa4CWBv", ""),
		"signature missing":   edit("&Signature=", "&Sig="),
		"other header order":  edit("x-ms-date;host", "host;x-ms-date"),
		"host not signed":     edit("host;", ""),
		"names another date":  edit("x-ms-date", "x-other"),
		"date not sent":       func(r *http.Request) { r.Header.Del("x-ms-date") },
		"two dates":           func(r *http.Request) { r.Header.Add("x-ms-date", vectorDate) },
		"date malformed":      set("x-ms-date", "2026-01-05T09:08:07Z"),
		"date changed":        set("x-ms-date", "Mon, 05 Jan 2026 09:08:08 GMT"),
		"hash not sent":       func(r *http.Request) { r.Header.Del("x-ms-content-sha256") },
		"hash of other body":  set("x-ms-content-sha256", vectors[1].hash),
		"body changed":        func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) },
		"host changed":        func(r *http.Request) { r.Host = "fabrikam.communication.azure.com" },
		"target changed":      func(r *http.Request) { r.RequestURI += "&x=1" },
		"target in full form": func(r *http.Request) { r.RequestURI = "https://" + testHost + r.RequestURI },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			r := vectorRequest(0)
			change(r)
			got := read[envelope](t, f.serve(r), 401)
			want := envelope{envelopeError{Code: "Denied", Message: "Denied by the resource provider."}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]int64{"refused": 1}, f.Counters()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSignatureTimeWindow(t *testing.T) {
	for offset, ok := range map[time.Duration]bool{
		0: true, 5*time.Minute - time.Second: true, -5*time.Minute + time.Second: true,
		5*time.Minute + time.Second: false, -5*time.Minute - time.Second: false, 24 * time.Hour: false,
	} {
		f := newFixture(t, nil)
		r := f.request("POST", "/identities?api-version="+stable, "")
		sign(r, testKey, "", f.clock.now().Truncate(time.Second).Add(offset))
		if got := f.serve(r).Code == 201; got != ok {
			t.Errorf("offset %s: accepted %v, want %v", offset, got, ok)
		}
	}
}

func TestSignatureOfOtherClients(t *testing.T) {
	f := newFixture(t, nil)
	const target = "/identities?api-version=" + stable
	for name, change := range map[string]func(signed *http.Request){
		"Java leaves the port out":   func(r *http.Request) { r.Host = "localhost" },
		"Python loses the slash":     func(r *http.Request) { r.RequestURI = strings.TrimPrefix(r.RequestURI, "/") },
		"both":                       func(r *http.Request) { r.Host, r.RequestURI = "localhost", strings.TrimPrefix(r.RequestURI, "/") },
		"as received, with the port": func(*http.Request) {},
	} {
		signed := httptest.NewRequest("POST", target, nil)
		signed.Host = "localhost:8443"
		change(signed)
		sign(signed, testKey2, "", f.clock.now())
		sent := httptest.NewRequest("POST", target, nil)
		sent.Host, sent.Header = "localhost:8443", signed.Header
		if w := f.serve(sent); w.Code != 201 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestSignatureWithDateHeader(t *testing.T) {
	f := newFixture(t, nil)
	r := f.request("POST", "/identities?api-version="+stable, "")
	r.Header.Set("Date", r.Header.Get("x-ms-date"))
	r.Header.Del("x-ms-date")
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "x-ms-date", "Date", 1))
	if w := f.serve(r); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWithoutPort(t *testing.T) {
	for in, want := range map[string]string{
		"localhost:80": "localhost", "localhost": "localhost", "[::1]:80": "[::1]", "[::1]": "[::1]", "": "",
	} {
		if got := withoutPort(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestBearer(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		ok           bool
	}{
		{"audience", `Bearer {"aud":"https://communication.azure.com"}`, true},
		{"audience with slash", `bearer {"aud":"https://communication.azure.com/"}`, true},
		{"audience in a list", `Bearer {"aud":["https://communication.azure.com/"]}`, true},
		{"two slashes", `Bearer {"aud":"https://communication.azure.com//"}`, false},
		{"another audience", `Bearer {"aud":"https://graph.microsoft.com"}`, false},
		{"no audience", `Bearer {"oid":"1"}`, false},
		{"audience is a number", `Bearer {"aud":[1]}`, false},
		{"not verified", `Bearer nonsense`, false},
		{"no token", `Bearer`, false},
	} {
		f := newFixture(t, nil)
		r := httptest.NewRequest("POST", "/identities?api-version="+stable, nil)
		r.Header.Set("Authorization", tc.header)
		w := f.serve(r)
		if tc.ok && w.Code != 201 {
			t.Errorf("%s: %d %s", tc.name, w.Code, w.Body)
		}
		if !tc.ok {
			wantRefusal(t, w, 401, "Denied", "")
		}
	}
}
