package authn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// An authority is Entra ID without sockets: it answers from a table of documents.
type authority struct {
	mu       sync.Mutex
	docs     map[string]string
	hook     func(*http.Request) (*http.Response, error) // nil, or decides before the table; nil, nil passes on
	requests int
	foreign  int // requests to another host
}

func newAuthority() *authority { return &authority{docs: map[string]string{}} }

// publish sets the documents of a tenant at the public host.
func (a *authority) publish(tenant string, v2Keys, v1Keys []map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	base := publicHost + "/" + tenant
	a.put(base+"/v2.0/.well-known/openid-configuration", map[string]any{"issuer": base + "/v2.0",
		"jwks_uri": base + "/discovery/v2.0/keys", "cloud_instance_name": "microsoftonline.com", "response_modes_supported": []string{"query"}})
	a.put(base+"/.well-known/openid-configuration", map[string]any{"issuer": "https://sts.windows.net/" + tenant + "/", "jwks_uri": base + "/discovery/keys"})
	a.put(base+"/discovery/v2.0/keys", map[string]any{"keys": v2Keys})
	a.put(base+"/discovery/keys", map[string]any{"keys": v1Keys})
}

func (a *authority) put(url string, doc any) { a.docs[url] = string(must(json.Marshal(doc))) + "\n" }

func (a *authority) setHook(hook func(*http.Request) (*http.Response, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook = hook
}

func (a *authority) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.requests++
	if "https://"+r.URL.Host != publicHost {
		a.foreign++
	}
	hook, doc, ok := a.hook, "", false
	doc, ok = a.docs[r.URL.String()]
	a.mu.Unlock()
	if hook != nil {
		if resp, err := hook(r); resp != nil || err != nil {
			return resp, err
		}
	}
	if !ok {
		return answer(404, "{}"), nil
	}
	return answer(200, doc), nil
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// options are those of the test world.
func options(a *authority) authn.Options {
	return authn.Options{Transport: a, Issuers: []authn.Issuer{{
		AuthorityHost: publicHost, TenantIDs: []string{tenantA, tenantB}, Audiences: []string{apiID, apiURI}, AllowedClients: []string{spaID},
	}}}
}

func newVerifier(t testing.TB, opt authn.Options) *authn.Verifier {
	t.Helper()
	v, err := authn.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// outcome is the code of a whole check, as a user route does it, or "".
func outcome(v *authn.Verifier, jwt string) (acsauth.Caller, string, error) {
	c, err := v.Verify(context.Background(), jwt)
	if err == nil {
		err = v.RequireUser(c)
	}
	return c, codeOf(err), err
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*acsauth.Error](err); ok {
		return e.Code
	}
	return fmt.Sprintf("not one of our errors: %v", err)
}
