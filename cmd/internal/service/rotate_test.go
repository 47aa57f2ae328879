package service

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
)

// A keyGate stands before the emulator, whose keys never change, and gives it keys that can be regenerated: a request
// that is signed by a key of the moment is signed again for the emulator, any other is refused as ACS does.
type keyGate struct {
	*httptest.Server
	keys    [2]*atomic.Pointer[string]
	refused atomic.Int64
}

func newKeyGate(t *testing.T, e *emulator.Emulator, first, second string) *keyGate {
	behind, err := url.Parse(e.ACSURL())
	if err != nil {
		t.Fatal(err)
	}
	g := &keyGate{keys: [2]*atomic.Pointer[string]{new(atomic.Pointer[string]), new(atomic.Pointer[string])}}
	g.keys[0].Store(&first)
	g.keys[1].Store(&second)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = behind.Host
		r.Out.Header.Set("Authorization", acsAuthorization(r.In, behind.Host, emulator.AccessKeyPrimary))
	}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.ContainsFunc(g.keys[:], func(key *atomic.Pointer[string]) bool {
			return r.Header.Get("Authorization") == acsAuthorization(r, r.Host, *key.Load())
		}) {
			g.refused.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":{"code":"Denied","message":"Denied by the resource provider."}}`))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// acsAuthorization is the header that a request must carry, by the documentation of ACS: method, target, and date, host and hash of the body.
func acsAuthorization(r *http.Request, host, key string) string {
	raw, _ := base64.StdEncoding.DecodeString(key)
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte(r.Method + "\n" + r.URL.RequestURI() + "\n" + r.Header.Get("x-ms-date") + ";" + host + ";" + r.Header.Get("x-ms-content-sha256")))
	return "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func accessKey(name string) string {
	return base64.StdEncoding.EncodeToString([]byte("access key " + name))
}

// Both keys of ACS are regenerated, one after the other, and replaced in their files, while requests are under way.
// None fails, and each create makes one identity.
func TestRotationThroughFiles(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	gate := newKeyGate(t, e, accessKey("1a"), accessKey("2a"))
	dir := t.TempDir()
	replace := func(file, key string) {
		put(t, filepath.Join(dir, file), "endpoint="+gate.URL+";accesskey="+accessKey(key)+"\n")
	}
	replace("one", "1a")
	replace("two", "2a")
	c, err := config.Load(config.Sources{
		Flags: map[string]string{
			"ACSAUTH_TENANT_IDS": emulator.TenantID, "ACSAUTH_CLIENT_ID": emulator.APIClientID, "ACSAUTH_ALLOWED_CLIENTS": "*", "ACSAUTH_AUTHORITY_HOST": e.URL(),
		},
		Environ: []string{firstKey + "_FILE=" + filepath.Join(dir, "one"), secondKey + "_FILE=" + filepath.Join(dir, "two")},
	}, config.Development)
	if err != nil {
		t.Fatal(err)
	}
	c.SecretsRefresh = "5ms"
	h, log := hooks(t, c)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { watchSecrets(ctx, h) })

	const callers = 6
	passed, enough := make(chan error), make(chan struct{})
	creates := atomic.Int64{}
	var load sync.WaitGroup
	for range callers {
		load.Go(func() {
			for {
				made, err := h.ACS.CreateIdentity(t.Context(), nil)
				creates.Add(1)
				if err == nil {
					_, err = h.ACS.IssueToken(t.Context(), made.Identity, []acsauth.Scope{acsauth.ScopeChat}, nil)
				}
				select {
				case passed <- err:
				case <-enough:
					return
				}
			}
		})
	}
	more := func() {
		t.Helper()
		for range 60 {
			if err := <-passed; err != nil {
				t.Errorf("a request failed: %v", err)
			}
		}
	}
	regenerate := func(at int, file, name string, replaced int) {
		t.Helper()
		key := accessKey(name)
		gate.keys[at].Store(&key)
		more()
		replace(file, name)
		for strings.Count(log.String(), "a changed secret is in use") < replaced { // under load, since a caller that waits would end the load
			more()
		}
		more()
	}
	more()
	regenerate(0, "one", "1b", 1)
	regenerate(1, "two", "2b", 2)
	regenerate(0, "one", "1c", 3)
	close(enough)
	load.Wait()
	if made := int64(len(e.Identities())); made != creates.Load() {
		t.Errorf("%d creates made %d identities", creates.Load(), made)
	}
	if n := gate.refused.Load(); n == 0 || n > 3*callers {
		t.Errorf("%d requests were refused once, want 1 to %d: one for each caller and regenerated key", n, 3*callers)
	}
	t.Logf("%d creates and as many tokens, %d refused once and signed again, 0 failed", creates.Load(), gate.refused.Load())
}
