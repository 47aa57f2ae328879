package attack

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// An Authority stands in for Entra ID: it publishes metadata and keys of the
// tenants A and B in both versions, and counts who asks for what.
type Authority struct {
	fetches atomic.Int64
	unknown atomic.Int64

	mu   sync.Mutex
	docs map[string][]byte
	seen map[string]int
	hook func(http.ResponseWriter, *http.Request) bool
}

// NewAuthority publishes the documents of w, whose Host is where the authority is served.
func NewAuthority(w World) *Authority {
	a := &Authority{docs: map[string][]byte{}, seen: map[string]int{}}
	for tenant, keys := range w.KeySets() {
		a.Publish(w, tenant, keys)
	}
	return a
}

// Publish replaces the metadata and keys of a tenant.
func (a *Authority) Publish(w World, tenant string, keys KeySet) {
	base := w.Host + "/" + tenant
	a.put("/"+tenant+"/v2.0/.well-known/openid-configuration", map[string]any{"issuer": base + "/v2.0",
		"jwks_uri": base + "/discovery/v2.0/keys", "cloud_instance_name": "microsoftonline.com"})
	a.put("/"+tenant+"/.well-known/openid-configuration", map[string]any{"issuer": "https://sts.windows.net/" + tenant + "/", "jwks_uri": base + "/discovery/keys"})
	a.put("/"+tenant+"/discovery/v2.0/keys", map[string]any{"keys": keys.V2})
	a.put("/"+tenant+"/discovery/keys", map[string]any{"keys": keys.V1})
}

func (a *Authority) put(path string, doc any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.docs[path] = must(json.Marshal(doc))
}

// Fetches is how many requests there were, and how many of them were for something that is not published.
func (a *Authority) Fetches() (all, unknown int64) { return a.fetches.Load(), a.unknown.Load() }

// KeyFetches is how often each key set was asked for, by path.
func (a *Authority) KeyFetches() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := map[string]int{}
	for path := range a.docs {
		if strings.HasSuffix(path, "/keys") {
			n[path] = a.seen[path]
		}
	}
	return n
}

// Hook has f see each request first. If it returns true it has answered. Nil: no hook.
func (a *Authority) Hook(f func(http.ResponseWriter, *http.Request) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook = f
}

func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.fetches.Add(1)
	a.mu.Lock()
	hook, doc := a.hook, a.docs[r.URL.Path]
	if doc != nil {
		a.seen[r.URL.Path]++
	}
	a.mu.Unlock()
	switch {
	case hook != nil && hook(w, r):
	case doc == nil || r.Method != http.MethodGet:
		a.unknown.Add(1)
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(doc) // who left does not read
	}
}
