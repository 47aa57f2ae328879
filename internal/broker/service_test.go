package broker

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/storetest"
)

// A service is ACS on a socket, with faults by request number.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	alive  map[acsauth.Identity]bool
	calls  map[string]int
	before func(op string, n int, w http.ResponseWriter) (done bool)
	after  func(op string, n int, w http.ResponseWriter) (done bool)
}

func newService(t *testing.T) *service {
	s := &service{alive: map[acsauth.Identity]bool{}, calls: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	s.mu.Lock()
	s.calls[op]++
	n := s.calls[op]
	s.mu.Unlock()
	if s.before != nil && s.before(op, n, w) {
		return
	}
	status, body := s.effect(op, r, n)
	if s.after != nil && s.after(op, n, w) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func operation(r *http.Request) string {
	switch {
	case r.Method == http.MethodDelete:
		return "delete"
	case strings.HasSuffix(r.URL.Path, ":issueAccessToken"):
		return "issue"
	case strings.HasSuffix(r.URL.Path, ":revokeAccessTokens"):
		return "revoke"
	case strings.HasSuffix(r.URL.Path, ":exchangeAccessToken"):
		return "exchange"
	}
	return "create"
}

func (s *service) effect(op string, r *http.Request, n int) (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := acsauth.Identity(strings.Split(strings.TrimPrefix(r.URL.Path, "/identities/"), "/")[0])
	token := fmt.Sprintf(`{"token":"token-%d","expiresOn":%q}`, n, time.Now().Add(time.Hour).Format(time.RFC3339))
	switch {
	case op == "create":
		id = acsauth.Identity(fmt.Sprintf("8:acs:%s_%08d", testResource, len(s.alive)+1))
		s.alive[id] = true
		var ask struct {
			Scopes []string `json:"createTokenWithScopes"`
		}
		_ = json.NewDecoder(r.Body).Decode(&ask)
		if len(ask.Scopes) > 0 {
			s.calls["create with token"]++
			return http.StatusCreated, fmt.Sprintf(`{"identity":{"id":%q},"accessToken":{"token":"first-%d","expiresOn":%q}}`, id, n, time.Now().Add(time.Hour).Format(time.RFC3339))
		}
		b, _ := json.Marshal(map[string]any{"identity": map[string]any{"id": id}})
		return http.StatusCreated, string(b)
	case op == "exchange":
		return http.StatusOK, token
	case !s.alive[id]:
		return http.StatusUnauthorized, `{"error":{"code":"IdentityNotOwned","message":"Provided identity doesn't belong to the resource."}}`
	case op == "issue":
		return http.StatusOK, token
	case op == "delete":
		s.alive[id] = false
	}
	return http.StatusNoContent, ""
}

func (s *service) living() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alive {
		if a {
			n++
		}
	}
	return n
}

func (s *service) count(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

func (s *service) client(t *testing.T) *acsidentity.Client {
	t.Helper()
	c, err := acsidentity.NewClientFromConnectionString("endpoint="+s.URL+";accesskey=c2VjcmV0",
		&acsidentity.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{RetryDelay: time.Millisecond, MaxRetryDelay: 2 * time.Millisecond}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// replica returns a broker on a store that may be shared.
func (s *service) replica(t *testing.T, store acsauth.Store) *Broker {
	t.Helper()
	b, err := New(Options{Store: store, ACS: s.client(t), Resource: testResource, Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func user(n int) acsauth.Caller {
	return acsauth.Caller{Key: acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: fmt.Sprintf("user-%d", n)}}
}

func newTestBroker(t *testing.T) (*service, *Broker) {
	s := newService(t)
	return s, s.replica(t, storetest.NewMemory())
}

func cut(w http.ResponseWriter) bool {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		c.Close()
	}
	return true
}

func refuse(status int, header ...string) func(string, int, http.ResponseWriter) bool {
	return func(_ string, _ int, w http.ResponseWriter) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":"Denied","message":"Denied by the resource provider."}}`)
		return true
	}
}
