package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/mapcache"
	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// BenchmarkGetToken is the way of a warm POST /getToken through the whole
// service but for the socket: verifier, broker, a real SQLite file, log line and metrics.
func BenchmarkGetToken(b *testing.B) {
	for _, c := range []struct {
		name     string
		remember int
		tokens   int64
		mappings int
	}{{"all caches", 1000, 1 << 20, 1000}, {"no cache of mappings", 1000, 1 << 20, 0}, {"verified tokens only", 1000, 0, 0}, {"no caches", 0, 0, 0}} {
		b.Run(c.name, func(b *testing.B) {
			h := benchServer(b, c.remember, c.tokens, c.mappings)
			authorization := "Bearer " + userClaims(aliceOID).sign(b)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/getToken", http.NoBody)
					r.ContentLength = 0
					r.Header.Set("Authorization", authorization)
					w := discard{header: make(http.Header)}
					if h.ServeHTTP(&w, r); w.status != http.StatusOK {
						b.Errorf("status %d", w.status)
						return
					}
				}
			})
		})
	}
}

func benchServer(b *testing.B, remember int, tokens int64, mappings int) http.Handler {
	b.Helper()
	var rows *mapcache.Cache
	if mappings > 0 {
		var err error
		if rows, err = mapcache.New(mapcache.Options{Max: mappings, For: time.Minute}); err != nil {
			b.Fatal(err)
		}
	}
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "acsauth.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	v, err := authn.New(authn.Options{Transport: roundTripper(entra), CacheSize: remember, Issuers: []authn.Issuer{{
		AuthorityHost: authority, TenantIDs: []string{tenantID}, Audiences: []string{apiID}, AllowedClients: []string{clientID, daemonID}}}})
	if err != nil {
		b.Fatal(err)
	}
	acs := new(fakeACS)
	brk, err := broker.New(broker.Options{Store: store, ACS: newACS(b, acs.serve), Resource: acsResource, TokenBytes: tokens, Mappings: rows,
		Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIPJoin}})
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.New(server.Options{Verifier: v, Broker: brk, Metrics: telemetry.NewMetrics(), Log: telemetry.NewLogger(io.Discard, "json", slog.LevelInfo),
		Endpoint: acsEndpoint, PublicURL: "https://auth.contoso.com"})
	if err != nil {
		b.Fatal(err)
	}
	return s.Handler()
}

// discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
