package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	vaultToken = "token-of-the-identity"
	planted    = "planted-secret-value-7Q2x9"
	tenantID   = "11aa22bb-0000-4000-8000-000000000001"
)

// A vault is a stand-in of Key Vault on loopback, with its challenge.
type vault struct {
	*httptest.Server
	challenge string
	mu        sync.Mutex
	answer    func(n int, w http.ResponseWriter, r *http.Request)
	asked     []string // paths of requests with the token
	bare      int      // requests without
}

func newVault(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *vault {
	v := &vault{answer: answer, challenge: `Bearer authorization="https://login.microsoftonline.com/` + tenantID + `", resource="https://vault.azure.net"`}
	v.Server = httptest.NewTLSServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+vaultToken {
		v.bare++
		w.Header().Set("WWW-Authenticate", v.challenge)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	v.asked = append(v.asked, r.URL.Path)
	v.answer(len(v.asked), w, r)
}

// transport reaches the stand-in whatever the name of the vault is.
func (v *vault) transport() *http.Client {
	tr, _ := v.Client().Transport.(*http.Transport)
	tr = tr.Clone()
	tr.TLSClientConfig.ServerName = "example.com"
	tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", v.Listener.Addr().String())
	}
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// identity is a credential that notes what it is asked for.
type identity struct {
	mu    sync.Mutex
	asked []policy.TokenRequestOptions
	err   error
}

func (i *identity) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = append(i.asked, o)
	return azcore.AccessToken{Token: vaultToken, ExpiresOn: time.Now().Add(time.Hour)}, i.err
}

func (v *vault) vaults(i *identity) *Vaults {
	out := NewVaults(i, v.transport())
	out.pause = time.Millisecond
	return out
}

func reference(version string) config.Reference {
	return config.Reference{Vault: "https://contoso.vault.azure.net", Name: "acs-key", Version: version}
}

func giveValue(w http.ResponseWriter, value any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"value": value, "id": "https://contoso.vault.azure.net/secrets/acs-key/1"})
}

func TestGet(t *testing.T) {
	v := newVault(t, func(_ int, w http.ResponseWriter, r *http.Request) { giveValue(w, planted) })
	i := &identity{}
	c := v.vaults(i)
	for _, version := range []string{"", "0123456789abcdef0123456789abcdef"} {
		got, err := c.Get(t.Context(), reference(version))
		if err != nil || got != planted {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	if want := "[/secrets/acs-key/ /secrets/acs-key/0123456789abcdef0123456789abcdef]"; fmt.Sprint(v.asked) != want {
		t.Errorf("asked for %v, want %s", v.asked, want)
	}
	if len(i.asked) == 0 || i.asked[0].TenantID != tenantID || fmt.Sprint(i.asked[0].Scopes) != "[https://vault.azure.net/.default]" {
		t.Errorf("the credential was asked for %+v", i.asked)
	}
	if v.bare != 1 {
		t.Errorf("%d requests without a token, want the first one only", v.bare)
	}
}

// refuse answers as Key Vault does.
func refuse(status int, code, inner string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":"Caller: appid=x;oid=%s","innererror":{"code":%q}}}`, code, planted, inner)
	}
}

// Each fault gives one line that says what to change, after a bounded number of tries, without the value and without the vault's text.
func TestGetRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		want   string
		tries  int
	}{
		"no role":   {refuse(403, "Forbidden", "ForbiddenByRbac"), "the role Key Vault Secrets User", 1},
		"no policy": {refuse(403, "Forbidden", "AccessDenied"), "the permission Get", 1},
		"firewall":  {refuse(403, "Forbidden", "ForbiddenByFirewall"), "network rules", 1},
		"disabled":  {refuse(403, "Forbidden", "SecretDisabled"), "is disabled", 1},
		"not there": {refuse(404, "SecretNotFound", ""), "no such secret", 1},
		"throttled": {refuse(429, "Throttled", ""), "too often", 3},
		"broken":    {refuse(500, "InternalServerError", ""), "status 500", 3},
		"redirect": {func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		}, "status 307", 1},
		"empty":      {func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, "") }, "is empty", 1},
		"null":       {func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, nil) }, "is empty", 1},
		"large":      {func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, strings.Repeat("x", maxValue+1)) }, "larger than 64 KiB", 1},
		"huge":       {func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, strings.Repeat("x", maxAnswer)) }, "more than 256 KiB", 1},
		"endless":    {endless, "more than 256 KiB", 1},
		"not JSON":   {func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, planted) }, "cannot be read", 1},
		"wrong type": {func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, 4711471147114711) }, "cannot be read", 1},
		"hangs up":   {func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached", 0},
		"long throttle": {func(_ int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			refuse(429, "Throttled", "")(0, w, r)
		}, "too often", 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t, c.answer)
			v.Config.ErrorLog = nil
			value, err := v.vaults(&identity{}).Get(t.Context(), reference(""))
			if err == nil || value != "" || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %d bytes, error %v; want %q in it", len(value), err, c.want)
			}
			if strings.Contains(err.Error(), planted) || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), vaultToken) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error tells too much: %v", err)
			}
			if n := len(v.asked); n != c.tries && (c.tries != 0 || n > 6) { // 0: net/http repeats a GET by itself
				t.Errorf("%d tries, want %d", n, c.tries)
			}
		})
	}
}

func endless(_ int, w http.ResponseWriter, r *http.Request) {
	chunk := strings.Repeat("x", 32<<10)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

func TestThrottledOnce(t *testing.T) {
	v := newVault(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			refuse(429, "Throttled", "")(n, w, r)
			return
		}
		giveValue(w, planted)
	})
	if got, err := v.vaults(&identity{}).Get(t.Context(), reference("")); err != nil || got != planted || len(v.asked) != 2 {
		t.Errorf("%v after %d tries", err, len(v.asked))
	}
}

// No token leaves for a challenge that asks for one for somebody else, or that cannot be read.
func TestChallenges(t *testing.T) {
	for name, c := range map[string]struct{ challenge, want string }{
		"another service": {`Bearer authorization="https://login.microsoftonline.com/` + tenantID + `", resource="https://graph.microsoft.com"`, "another service"},
		"look-alike":      {`Bearer authorization="https://login.microsoftonline.com/` + tenantID + `", resource="https://evilvault.azure.net"`, "another service"},
		"no tenant":       {`Bearer authorization="https://login.microsoftonline.com", resource="https://vault.azure.net"`, "not understood"},
		"no URL":          {`Bearer authorization="x", resource="https://vault.azure.net"`, "not understood"},
		"no resource":     {`Bearer authorization="https://login.microsoftonline.com/` + tenantID + `"`, ""},
		"none":            {"", "not understood"},
		"basic":           {"Basic realm=x", "not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t, func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, planted) })
			v.challenge = c.challenge
			i := &identity{}
			_, err := v.vaults(i).Get(t.Context(), reference(""))
			if err == nil || !strings.Contains(err.Error(), c.want) || len(i.asked) != 0 || len(v.asked) != 0 {
				t.Errorf("error %v; %d tokens were made, %d sent", err, len(i.asked), len(v.asked))
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	release := make(chan struct{})
	v := newVault(t, func(_ int, _ http.ResponseWriter, _ *http.Request) { <-release })
	defer close(release)
	c := v.vaults(&identity{})
	c.limit = 50 * time.Millisecond
	if _, err := c.Get(t.Context(), reference("")); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("got %v", err)
	}
}

func TestNoToken(t *testing.T) {
	v := newVault(t, func(_ int, w http.ResponseWriter, _ *http.Request) { giveValue(w, planted) })
	i := &identity{err: errors.New("managed identity: no identity is assigned\nGET http://169.254.169.254\n" + planted)}
	_, err := v.vaults(i).Get(t.Context(), reference(""))
	if err == nil || !strings.Contains(err.Error(), "no identity is assigned") || strings.Contains(err.Error(), planted) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	v := newVault(t, nil)
	c := v.vaults(&identity{})
	v.Close()
	if _, err := c.Get(t.Context(), reference("")); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("got %v", err)
	}
	if _, err := NewVaults(&identity{}, nil).Get(t.Context(), config.Reference{Vault: "https://127.0.0.1:1", Name: "x"}); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("got %v", err)
	}
}
