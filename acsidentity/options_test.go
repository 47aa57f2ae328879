package acsidentity

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

func TestRedirectsAreNotFollowed(t *testing.T) {
	other, aim := record(t, serve)
	for _, status := range []int{301, 302, 303, 307, 308} {
		rec, srv := record(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, aim.URL+r.RequestURI, status) })
		for _, o := range []*ClientOptions{nil, with(&http.Client{}), with(http.DefaultClient)} {
			for _, op := range operations() {
				if e := asError(t, op.call(t.Context(), keyClient(t, srv.URL, o))); e.StatusCode != status || !e.Sent {
					t.Errorf("%d: %v", status, e)
				}
			}
		}
		if n := len(rec.all()); n != 15 {
			t.Errorf("%d: %d requests, want 15", status, n)
		}
	}
	if n := len(other.all()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
	if http.DefaultClient.CheckRedirect != nil {
		t.Error("the caller's client was changed")
	}
}

func TestDefaultTransport(t *testing.T) {
	c, ok := withoutRedirects(nil).(*http.Client)
	if !ok {
		t.Fatal("no *http.Client")
	}
	tr := c.Transport.(*http.Transport)
	if tr.TLSClientConfig.MinVersion != tls.VersionTLS12 || tr.MaxIdleConnsPerHost != 64 || tr.Protocols.HTTP2() || !tr.Protocols.HTTP1() || tr.Proxy == nil {
		t.Errorf("transport = %+v", tr)
	}
}

// A server that speaks HTTP/2 is spoken to in HTTP/1.1.
func TestDefaultTransportSpeaksHTTP1(t *testing.T) {
	var proto string
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		serve(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	tr := newTransport()
	tr.TLSClientConfig.RootCAs = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, err := keyClient(t, srv.URL, with(&http.Client{Transport: tr})).CreateIdentity(t.Context(), nil); err != nil || proto != "HTTP/1.1" {
		t.Errorf("%s, %v", proto, err)
	}
}

func TestAPIVersions(t *testing.T) {
	for _, c := range []struct{ ours, azure, want string }{
		{"", "", "2023-10-01"}, {"2022-10-01", "", "2022-10-01"}, {"", "2022-06-01", "2022-06-01"}, {"2026-09-23", "2022-06-01", "2026-09-23"},
		{"2021-10-31-preview", "", "2021-10-31-preview"}, {"2021-03-31-preview1", "", "2021-03-31-preview1"},
	} {
		var got string
		o := &ClientOptions{APIVersion: c.ours, ClientOptions: azcore.ClientOptions{APIVersion: c.azure, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			got = r.URL.RawQuery
			return respond(204, ""), nil
		})}}
		if _, err := keyClient(t, testHost, o).RevokeTokens(t.Context(), testID, nil); err != nil || got != "api-version="+c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
	key, _ := NewKeyCredential(testKey)
	for _, v := range []string{"latest", "2023-10-01&x=1", "2023-10-1", "2023-10-01-beta"} {
		if _, err := NewClientWithKey(testHost, key, &ClientOptions{APIVersion: v}); err == nil {
			t.Errorf("version %q was accepted", v)
		}
	}
}

func TestScopeOfAnotherCloud(t *testing.T) {
	cred := &credential{token: "t"}
	o := with(always(204, ""))
	o.Cloud = cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{ServiceName: {Audience: "https://communication.azure.us/"}}}
	c, err := NewClient(testHost, cred, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.RevokeTokens(t.Context(), testID, nil); err != nil || cred.scopes[0] != "https://communication.azure.us//.default" {
		t.Errorf("%q, %v", cred.scopes, err)
	}
}

func TestRequestIDIsTheOneThatWasSent(t *testing.T) {
	ctx := policy.WithHTTPHeader(t.Context(), http.Header{headerRequestID: {"mine-1"}})
	r, err := keyClient(t, testHost, with(always(201, createdBody))).CreateIdentity(ctx, nil)
	if err != nil || r.RequestID != "mine-1" {
		t.Errorf("%+v, %v", r, err)
	}
	ctx = policy.WithHTTPHeader(t.Context(), http.Header{headerRequestID: {strings.Repeat("x", 200)}})
	if r, err := keyClient(t, testHost, with(always(201, createdBody))).CreateIdentity(ctx, nil); err != nil || r.RequestID != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// A policy of the caller's may answer in place of the service.
func TestPolicyMayAnswer(t *testing.T) {
	o := with(transportFunc(broken))
	o.PerCallPolicies = []policy.Policy{policyFunc(func(*policy.Request) (*http.Response, error) { return respond(201, createdBody), nil })}
	if r, err := keyClient(t, testHost, o).CreateIdentity(t.Context(), nil); err != nil || r.Identity != testID {
		t.Errorf("%+v, %v", r, err)
	}
}

// Neither error texts nor the log of the SDK hold a secret, even if a hostile
// service echoes it, the options ask for bodies, and all headers are allowed.
func TestNoSecretInErrorsOrLog(t *testing.T) {
	var mu sync.Mutex
	var log strings.Builder
	azlog.SetListener(func(_ azlog.Event, s string) { mu.Lock(); log.WriteString(s); mu.Unlock() })
	defer azlog.SetListener(nil)
	key, _ := NewKeyCredential(testKey)
	echo := func(status int) transportFunc {
		return func(r *http.Request) (*http.Response, error) {
			body, err := readBody(r)
			auth := r.Header.Get("Authorization")
			text := strings.NewReplacer(`"`, ``, `\`, ``).Replace(auth + " " + string(body) + " " + canaryShort)
			return respond(status, `{"error":{"code":"`+canaryShort+`","message":"`+text+`","target":"`+canaryShort+`"},"token":"`+canaryJWT+`"}`,
				"Content-Type", "application/json", "X-Ms-Error-Code", canaryShort), err
		}
	}
	fail := func(r *http.Request) (*http.Response, error) {
		_, err := http.NewRequestWithContext(r.Context(), "bad method", canaryShort, nil)
		return nil, &canaryError{err, r.Header.Get("Authorization") + canaryShort}
	}
	var used []string
	for _, step := range []transportFunc{echo(200), echo(201), echo(204), echo(307), echo(400), echo(401), echo(503), fail} {
		o := fast()
		o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			used = append(used, strings.TrimPrefix(r.Header.Get("Authorization"), "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="))
			return step(r)
		})
		o.Logging = policy.LogOptions{IncludeBody: true, AllowedHeaders: []string{"authorization", "Authorization"}}
		signed, err := NewClientWithKey(testHost, key, o)
		if err != nil {
			t.Fatal(err)
		}
		bearer, err := NewClient(testHost, &credential{token: canaryShort}, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []func(context.Context, *Client) error{operations()[0].call, operations()[1].call, operations()[2].call, func(ctx context.Context, c *Client) error {
			_, err := c.ExchangeTeamsToken(ctx, TeamsUser{canaryShort, testClient, testObject}, nil)
			return err
		}} {
			if err := call(t.Context(), bearer); err != nil {
				used = append(used, canaryShort)
				e := asError(t, err)
				checkNone(t, used, err.Error(), string(e.Answer), e.Message, e.Code, e.Target)
			}
			if err := call(t.Context(), signed); err != nil {
				e := asError(t, err)
				checkNone(t, append([]string{canaryJWT, testKey}, used[len(used)-1]), err.Error(), string(e.Answer), e.Message)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if log.Len() == 0 {
		t.Fatal("the log is empty")
	}
	for _, secret := range append([]string{canaryJWT, testKey}, used...) {
		if secret != "Bearer "+canaryShort && secret != canaryShort && strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if strings.Contains(log.String(), "Bearer "+canaryShort) || strings.Contains(log.String(), `"token"`) {
		t.Error("a header or a body is in the log")
	}
}

func checkNone(t *testing.T, secrets []string, texts ...string) {
	t.Helper()
	for _, secret := range secrets {
		for _, s := range texts {
			if strings.Contains(s, secret) {
				t.Errorf("%q is in %q", secret, s)
			}
		}
	}
}

// A canaryError is an error of a transport that talks too much.
type canaryError struct {
	error
	text string
}

func (e *canaryError) Error() string { return e.text }
