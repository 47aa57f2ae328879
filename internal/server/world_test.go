package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/server"
	"github.com/acs-solutions/acsauth/internal/telemetry"
	"github.com/acs-solutions/acsauth/storetest"
)

// A store is the reference store with one fault at a time on reads of rows.
type store struct {
	acsauth.Store
	mu  sync.Mutex
	get func(context.Context) error // nil: no fault
}

func (s *store) fail(f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.get = f
}

func (s *store) Get(ctx context.Context, k acsauth.UserKey) (acsauth.Mapping, error) {
	s.mu.Lock()
	f := s.get
	s.mu.Unlock()
	if f != nil {
		if err := f(ctx); err != nil {
			return acsauth.Mapping{}, err
		}
	}
	return s.Store.Get(ctx, k)
}

// Find looks up the owner of an identity, with the same fault.
func (s *store) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	if _, err := s.Get(ctx, acsauth.UserKey{}); err != nil && !errors.Is(err, acsauth.ErrNotFound) {
		return acsauth.Mapping{}, err
	}
	return s.Store.(acsauth.Finder).Find(ctx, id)
}

// A world is the server with all it talks to, in one process without sockets.
type world struct {
	t       testing.TB
	acs     *fakeACS
	store   *store
	log     *buffer
	metrics *telemetry.Metrics
	server  *server.Server
	handler http.Handler
}

// A buffer may be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newWorld builds a server; change, unless nil, edits its options first.
func newWorld(t testing.TB, change func(*server.Options)) *world {
	t.Helper()
	w := &world{t: t, acs: new(fakeACS), store: &store{Store: storetest.NewMemory()}, log: new(buffer), metrics: telemetry.NewMetrics()}
	log := telemetry.NewLogger(w.log, "json", slog.LevelDebug)
	o := server.Options{Verifier: newVerifier(t, roundTripper(entra)), Broker: w.broker(w.store, log), Metrics: w.metrics, Log: log, Ready: w.store.Ping,
		AdminClients: []string{daemonID},
		Endpoint:     acsEndpoint, ScopeURI: "api://" + apiID + "/" + scopeName, PublicURL: "https://auth.contoso.com",
		AuthorizationServers: []string{authority + "/" + tenantID + "/v2.0"}, Pages: testPages()}
	if change != nil {
		change(&o)
	}
	var err error
	if w.server, err = server.New(o); err != nil {
		t.Fatal(err)
	}
	w.handler = validated(t, w.server.Handler())
	t.Cleanup(func() { noSecrets(t, w.log.String()) })
	return w
}

// testPages are pages at the paths that the document names.
func testPages() []server.Page {
	const policy = "default-src 'none'; style-src 'self'"
	const config = `{"clientId":"c","authorities":["https://login.test/t/v2.0"],"scope":"s","teamsScopes":[],"users":[],"inspect":""}`
	pages := []server.Page{{Path: "/", Type: "text/html; charset=utf-8", Policy: policy, Body: []byte("<p>page</p>")}, {Path: "/playground/app.js", Type: "text/javascript", Body: []byte("0")},
		{Path: "/playground/style.css", Type: "text/css", Body: []byte("p{}")}, {Path: "/playground/licences.txt", Type: "text/plain", Body: []byte("MIT")},
		{Path: "/playground/config.json", Type: "application/json", Body: []byte(config)}}
	return append(pages, []server.Page{{Path: "/docs", Type: "text/html; charset=utf-8", Policy: policy, Body: []byte("<p>page</p>")}, {Path: "/docs/style.css", Type: "text/css", Body: []byte("p{}")}}...)
}

// broker makes a broker for a store.
func (w *world) broker(s acsauth.Store, log *slog.Logger) *broker.Broker {
	w.t.Helper()
	b, err := broker.New(broker.Options{Store: s, ACS: newACS(w.t, w.acs.serve), Resource: acsResource, Log: log,
		Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIPJoin}})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// noSecrets fails if a log holds what must never be in one.
func noSecrets(t testing.TB, log string) {
	t.Helper()
	for _, secret := range []string{aliceOID, bobOID, acsKey, "eyJ", "canary", "subject-of", "203.0.113.9"} {
		if i := strings.Index(log, secret); i >= 0 {
			t.Errorf("the log holds %q: ...%s...", secret, log[max(0, i-200):min(len(log), i+100)])
		}
	}
}

type serverOptions = server.Options

// advance lets the time of a bubble pass by what the server remembers.
func advance() { time.Sleep(2 * time.Second) }

// An edit changes a request before it is sent.
type edit func(*http.Request)

func header(name, value string) edit {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func (w *world) bearer(c claims) edit { return header("Authorization", "Bearer "+c.sign(w.t)) }

func (w *world) alice() edit { return w.bearer(userClaims(aliceOID)) }

func (w *world) teams() edit { return header("teams-user-aad-token", teamsClaims(aliceOID).sign(w.t)) }

// An answer is a response with its body.
type answer struct {
	*http.Response
	body []byte
}

// do sends a request; a body that begins with { is sent as JSON.
func (w *world) do(method, target, body string, edits ...edit) answer {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4711"
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, e := range edits {
		e(r)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	if said := fmt.Sprint(rec.Header(), rec.Body); strings.Contains(said, "inside-") || strings.Contains(said, "canary") {
		w.t.Errorf("the answer tells what is for the log: %s", said)
	}
	return answer{rec.Result(), rec.Body.Bytes()}
}

// object decodes the body.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("status %d, body %q: %v", a.StatusCode, a.body, err)
	}
	return m
}

// is fails unless the answer has the status and, if it is a problem, the code.
func (a answer) is(t testing.TB, status int, code string) {
	t.Helper()
	got := ""
	if a.StatusCode >= 400 && strings.Contains(a.Header.Get("Content-Type"), "problem") {
		got, _ = a.object(t)["code"].(string)
	}
	if a.StatusCode != status || got != code {
		t.Errorf("status %d, code %q, body %s; want %d, %q", a.StatusCode, got, a.body, status, code)
	}
}
