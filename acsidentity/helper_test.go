package acsidentity

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth"
)

const (
	testKey    = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="
	testID     = acsauth.Identity("8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081")
	testPath   = "/identities/8%3Aacs%3A2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081"
	testHost   = "https://contoso.communication.azure.com"
	testClient = "aaaaaaaa-0000-4000-8000-000000000001"
	testObject = "bbbbbbbb-0000-4000-8000-000000000002"

	createdBody = `{"identity":{"id":"` + string(testID) + `"}}`
	tokenBody   = `{"token":"tok.en.sig","expiresOn":"2023-01-10T14:18:20.1501519+00:00"}`
)

// A transportFunc is a transport without a network and without a trace.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// respond returns a response; the header is name, value, name, value.
func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func always(status int, body string, header ...string) transportFunc {
	return func(*http.Request) (*http.Response, error) { return respond(status, body, header...), nil }
}

// A script answers tries one by one and counts them.
type script struct {
	mu    sync.Mutex
	steps []transportFunc // the last one repeats
	tries int
	times []time.Time
}

func (s *script) Do(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := s.steps[min(s.tries, len(s.steps)-1)]
	s.tries++
	s.times = append(s.times, time.Now())
	return step(r)
}

func play(steps ...transportFunc) *script { return &script{steps: steps} }

// with returns options for a transport.
func with(t policy.Transporter) *ClientOptions {
	return &ClientOptions{ClientOptions: azcore.ClientOptions{Transport: t}}
}

func keyClient(t testing.TB, endpoint string, o *ClientOptions) *Client {
	t.Helper()
	key, err := NewKeyCredential(testKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClientWithKey(endpoint, key, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fast returns options whose retries do not wait, for tests with a real network.
func fast() *ClientOptions {
	return &ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{RetryDelay: -1}}}
}

// asError returns the *Error in err.
func asError(t testing.TB, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error = %v (%T), want *Error", err, err)
	}
	return e
}

// An operation calls one of the five methods.
type operation struct {
	name string
	good transportFunc
	call func(context.Context, *Client) error
}

func operations() []operation {
	return []operation{
		{"CreateIdentity", always(201, createdBody), func(ctx context.Context, c *Client) error {
			_, err := c.CreateIdentity(ctx, nil)
			return err
		}},
		{"IssueToken", always(200, tokenBody), func(ctx context.Context, c *Client) error {
			_, err := c.IssueToken(ctx, testID, []acsauth.Scope{acsauth.ScopeChat}, nil)
			return err
		}},
		{"RevokeTokens", always(204, ""), func(ctx context.Context, c *Client) error {
			_, err := c.RevokeTokens(ctx, testID, nil)
			return err
		}},
		{"DeleteIdentity", always(204, ""), func(ctx context.Context, c *Client) error {
			_, err := c.DeleteIdentity(ctx, testID, nil)
			return err
		}},
		{"ExchangeTeamsToken", always(200, tokenBody), func(ctx context.Context, c *Client) error {
			_, err := c.ExchangeTeamsToken(ctx, TeamsUser{Token: "AAD", ClientID: testClient, ObjectID: testObject}, nil)
			return err
		}},
	}
}

// A recorder is a server that keeps what it was sent.
type recorder struct {
	mu       sync.Mutex
	requests []recorded
}

type recorded struct {
	line   string // method and target as they were sent
	host   string
	header http.Header
	body   string
	length int64
}

// record starts a server that answers each request with answer.
func record(t *testing.T, answer http.HandlerFunc) (*recorder, *httptest.Server) {
	rec := &recorder{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec.mu.Lock()
		rec.requests = append(rec.requests, recorded{r.Method + " " + r.RequestURI, r.Host, r.Header.Clone(), string(body), r.ContentLength})
		rec.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return rec, srv
}

func (r *recorder) all() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]recorded(nil), r.requests...)
}

// A credential gives a token, or fails.
type credential struct {
	mu     sync.Mutex
	token  string
	err    error
	scopes []string
	calls  int
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.scopes = o.Scopes
	return azcore.AccessToken{Token: c.token, ExpiresOn: time.Now().Add(time.Hour)}, c.err
}

// A tokenFunc is a credential that does something and fails.
type tokenFunc func(context.Context) error

func (f tokenFunc) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, f(ctx)
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

func itoa(n int) string { return strconv.Itoa(n) }
