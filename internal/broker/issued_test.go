package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/storetest"
)

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	by time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}

// keeping returns a replica that keeps tokens.
func (s *service) keeping(t *testing.T, store acsauth.Store, c *clock, bytes int64) *Broker {
	t.Helper()
	b, err := New(Options{Store: store, ACS: s.client(t), Resource: testResource, Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP}, TokenBytes: bytes, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.issued.close)
	return b
}

func get(t *testing.T, b *Broker, n int, scopes ...acsauth.Scope) string {
	t.Helper()
	tok, err := b.IssueToken(t.Context(), user(n), TokenRequest{Scopes: scopes, MaxLifetime: time.Hour, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return tok.Token
}

func renewed(t *testing.T, b *Broker, n int) string {
	t.Helper()
	tok, err := b.RefreshToken(t.Context(), user(n), TokenRequest{MaxLifetime: time.Hour, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return tok.Token
}

func TestTokensAreHandedOutAgain(t *testing.T) {
	s, c := newService(t), &clock{}
	b := s.keeping(t, storetest.NewMemory(), c, 1<<20)
	first := get(t, b, 1)
	if s.count("create") != 1 || s.count("create with token") != 1 || s.count("issue") != 0 {
		t.Fatalf("a first sign-in made %v", s.calls)
	}
	for range 3 {
		if again := get(t, b, 1); again != first {
			t.Fatalf("another token: %s, want %s", again, first)
		}
	}
	if get(t, b, 2) == first || get(t, b, 1, acsauth.ScopeChat) == first {
		t.Fatal("a token was given for another user or other scopes")
	}
	if n := s.count("issue"); n != 1 { // for the other scopes
		t.Fatalf("%d calls, want 1", n)
	}
	c.move(29 * time.Minute)
	if get(t, b, 1) != first {
		t.Error("a token with more than half its life was not used")
	}
	c.move(time.Minute)
	second := get(t, b, 1)
	if second == first {
		t.Error("a token with half its life was handed out")
	}
	if third := renewed(t, b, 1); third == second || get(t, b, 1) != third {
		t.Error("a refresh must give a new token, which is then the one that is kept")
	}
	if st := b.TokenStats(); st.Hits != 5 || st.Entries < 2 {
		t.Errorf("%+v, want 5 hits", st)
	}
}

// What one replica revokes or deletes is not handed out by another that keeps it.
func TestRevokedTokensAreNotHandedOut(t *testing.T) {
	s, c, store := newService(t), &clock{}, storetest.NewMemory()
	one, two := s.keeping(t, store, c, 1<<20), s.keeping(t, store, c, 1<<20)
	first := get(t, two, 1)
	if get(t, two, 1) != first {
		t.Fatal("nothing is kept: the test shows nothing")
	}
	if err := one.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	second := get(t, two, 1)
	if second == first {
		t.Fatal("a revoked token was handed out by another replica")
	}
	if get(t, two, 1) != second {
		t.Error("the new token is not kept")
	}
	if done, err := one.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	if third := get(t, two, 1); third == second {
		t.Fatal("the token of a deleted identity was handed out")
	}
	if s.count("create") != 2 {
		t.Errorf("%d creates, want 2", s.count("create"))
	}
}

// A token that was asked for before a revocation is not shared with a call of after it.
func TestRevocationWhileATokenIsOnItsWay(t *testing.T) {
	s, c := newService(t), &clock{}
	b := s.keeping(t, storetest.NewMemory(), c, 1<<20)
	get(t, b, 1)
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.after = func(op string, _ int, _ http.ResponseWriter) bool {
		if op == "issue" {
			first := false
			once.Do(func() { first = true })
			if first {
				close(held)
				<-hold
			}
		}
		return false
	}
	slow := make(chan string)
	go func() { slow <- renewed(t, b, 1) }()
	<-held
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	after := get(t, b, 1)
	close(hold)
	before := <-slow
	if after == before {
		t.Fatal("a call of after the revocation got the token of before")
	}
	if get(t, b, 1) != after {
		t.Error("the late token took the place of the new one")
	}
}

// The store fails after ACS has revoked: the caller must hear of it, and repeat.
func TestRevocationThatTheStoreDoesNotTake(t *testing.T) {
	s, c := newService(t), &clock{}
	store := &refusing{Store: storetest.NewMemory()}
	b := s.keeping(t, store, c, 1<<20)
	first := get(t, b, 1)
	store.set(true)
	if err := b.RevokeTokens(t.Context(), user(1)); err == nil {
		t.Fatal("a revocation that other replicas do not see is called done")
	}
	store.set(false)
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	if get(t, b, 1) == first {
		t.Error("revoked")
	}
}

// refusing takes no write of a row while it is set.
type refusing struct {
	acsauth.Store
	mu sync.Mutex
	on bool
}

func (r *refusing) set(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = on
}

// After a change of keys no token of before is handed out, not even one that was on its way meanwhile.
func TestForgottenTokensAreNotHandedOut(t *testing.T) {
	s, c := newService(t), &clock{}
	b := s.keeping(t, storetest.NewMemory(), c, 1<<20)
	first := get(t, b, 1)
	if again := get(t, b, 1); again != first {
		t.Fatal("no token is kept")
	}
	asked := c.now()
	c.move(time.Second)
	b.ForgetTokens()
	second := get(t, b, 1)
	if second == first {
		t.Error("a token of before is handed out")
	}
	c.move(time.Second)
	third := get(t, b, 1)
	if again := get(t, b, 1); again != third {
		t.Error("nothing is kept any more")
	}
	h := held{id: "8:acs:x", attempt: "a"}
	b.issued.put(h, form{}, acsauth.AccessToken{Token: "late", ExpiresOn: c.now().Add(time.Hour)}, asked)
	if _, ok := b.issued.get(h, form{}); ok {
		t.Error("a token that was asked for before is kept")
	}
}

func TestKeptTokensAreBounded(t *testing.T) {
	s, c := newService(t), &clock{}
	b := s.keeping(t, storetest.NewMemory(), c, 10*(entrySize+20))
	for n := range 100 {
		get(t, b, n)
	}
	for range 500 {
		if n := b.TokenStats().Entries; n > 0 && n <= 10 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%+v, want 1 to 10 entries", b.TokenStats())
}

func TestNoTokensAreKeptByDefault(t *testing.T) {
	s, b := newTestBroker(t)
	if first := get(t, b, 1); get(t, b, 1) == first || s.count("issue") != 1 {
		t.Errorf("calls: %v", s.calls)
	}
	if _, err := New(Options{Store: storetest.NewMemory(), ACS: s.client(t), Resource: testResource, Scopes: acsauth.AllScopes(), TokenBytes: 1, InsertOnly: true}); err == nil {
		t.Error("tokens are kept beside a store that cannot tell of a revocation")
	}
}

func (r *refusing) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		return errors.New("disk full")
	}
	return r.Store.Replace(ctx, old, next, line)
}

// atOnce has calls under way at the same moment before ACS answers any, and returns the requests that it got.
func atOnce(t *testing.T, answer func(r *http.Request, n int) string, calls ...func(t *testing.T, b *Broker)) (requests []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var mu sync.Mutex
		c, err := acsidentity.NewClientFromConnectionString("endpoint=https://acs.example;accesskey=c2VjcmV0", &acsidentity.ClientOptions{ClientOptions: noRetry(func(r *http.Request) *http.Response {
			<-release
			mu.Lock()
			defer mu.Unlock()
			requests = append(requests, operation(r))
			w := httptest.NewRecorder()
			if operation(r) == "create" {
				w.WriteHeader(http.StatusCreated)
			}
			fmt.Fprint(w, answer(r, len(requests)))
			return w.Result()
		})})
		if err != nil {
			t.Fatal(err)
		}
		b, err := New(Options{Store: storetest.NewMemory(), ACS: c, Resource: testResource, Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP}})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, call := range calls {
			wg.Go(func() { call(t, b) })
		}
		synctest.Wait()
		close(release)
		wg.Wait()
	})
	return requests
}

// tokens counts them by who got them.
type tokens struct {
	mu   sync.Mutex
	seen map[string]map[string]int
}

func (c *tokens) note(who, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]map[string]int{}
	}
	if c.seen[who] == nil {
		c.seen[who] = map[string]int{}
	}
	c.seen[who][token]++
}

// First calls of one user at once share the identity and its token; those that want another token share another.
func TestFirstSignInsShareTheToken(t *testing.T) {
	var got tokens
	ask := func(who string, scopes ...acsauth.Scope) func(*testing.T, *Broker) {
		return func(t *testing.T, b *Broker) { got.note(who, get(t, b, 1, scopes...)) }
	}
	answer := func(r *http.Request, n int) string {
		token := fmt.Sprintf(`{"token":"t%d","expiresOn":"2100-01-01T00:00:00Z"}`, n)
		if operation(r) == "create" {
			return fmt.Sprintf(`{"identity":{"id":"8:acs:%s_00000001"},"accessToken":%s}`, testResource, token)
		}
		return token
	}
	requests := atOnce(t, answer, ask("all"), ask("all"), ask("all"), ask("all"))
	if fmt.Sprint(requests) != "[create]" || fmt.Sprint(got.seen) != "map[all:map[t1:4]]" {
		t.Errorf("%v for the calls %v", got.seen, requests)
	}
	got = tokens{}
	requests = atOnce(t, answer, ask("all"), ask("chat", acsauth.ScopeChat), ask("all"), ask("chat", acsauth.ScopeChat))
	maker, other := got.seen["all"], got.seen["chat"] // whose wish the create carried, and who needs a token of its own
	if maker["t1"] == 0 {
		maker, other = other, maker
	}
	if maker["t1"] != 2 || other["t1"] != 0 || len(requests) < 2 || len(requests) > 3 || requests[0] != "create" || requests[1] != "issue" {
		t.Errorf("%v for the calls %v", got.seen, requests)
	}
}

// Equal exchanges at once make one call; another token, or another user with the same, makes its own.
func TestEqualExchangesShareOneCall(t *testing.T) {
	const guid = "11111111-2222-4333-8444-55555555555"
	var got tokens
	var calls []func(*testing.T, *Broker)
	for n := range 12 {
		user, token := []string{"1", "2"}[n%2], []string{"a", "b"}[n/2%2]
		calls = append(calls, func(t *testing.T, b *Broker) {
			answer, err := b.ExchangeTeamsToken(t.Context(), acsauth.Caller{Key: acsauth.UserKey{Subject: guid + user}}, acsauth.TeamsToken{Token: token, Client: guid + "9"})
			if err != nil {
				t.Error(err)
			}
			got.note(user+token, answer.Token)
		})
	}
	requests := atOnce(t, func(_ *http.Request, n int) string {
		return fmt.Sprintf(`{"token":"t%d","expiresOn":"2100-01-01T00:00:00Z"}`, n)
	}, calls...)
	all := map[string]bool{}
	for who, tokens := range got.seen {
		for token, n := range tokens {
			if all[token] || n != 3 {
				t.Errorf("%s got %v", who, tokens)
			}
			all[token] = true
		}
	}
	if len(requests) != 4 || len(all) != 4 {
		t.Errorf("%d calls for 4 different exchanges: %v", len(requests), got.seen)
	}
}
