package broker

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
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

// Two first calls of one user share the identity and its token; the one that wants another token gets its own.
func TestFirstSignInsShareTheToken(t *testing.T) {
	s, c := newService(t), &clock{}
	b := s.keeping(t, storetest.NewMemory(), c, 1<<20)
	release := make(chan struct{})
	s.before = func(op string, _ int, _ http.ResponseWriter) bool {
		if op == "create" {
			<-release
		}
		return false
	}
	tokens := make(chan string, 4)
	for n := range 4 {
		go func() {
			if n == 3 {
				tokens <- "chat " + get(t, b, 1, acsauth.ScopeChat)
				return
			}
			tokens <- get(t, b, 1)
		}()
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	seen := map[string]int{}
	for range 4 {
		seen[<-tokens]++
	}
	if s.count("create") != 1 || s.count("issue") > 1 || len(seen) != 2 {
		t.Errorf("%v for the calls %v", seen, s.calls)
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

// Equal exchanges at once make one call; another token, or another user with the same, makes its own.
func TestEqualExchangesShareOneCall(t *testing.T) {
	s, b := newTestBroker(t)
	release := make(chan struct{})
	s.before = func(op string, _ int, _ http.ResponseWriter) bool {
		if op == "exchange" {
			<-release
		}
		return false
	}
	const guid = "11111111-2222-4333-8444-55555555555"
	ask := func(user, token string) (string, error) {
		got, err := b.ExchangeTeamsToken(t.Context(), acsauth.Caller{Key: acsauth.UserKey{Subject: guid + user}}, acsauth.TeamsToken{Token: token, Client: guid + "9"})
		return got.Token, err
	}
	type pair struct{ user, token string }
	var mu sync.Mutex
	got := map[pair]map[string]bool{}
	var wg sync.WaitGroup
	for n := range 12 {
		p := pair{user: []string{"1", "2"}[n%2], token: []string{"a", "b"}[n/2%2]}
		wg.Go(func() {
			token, err := ask(p.user, p.token)
			mu.Lock()
			defer mu.Unlock()
			if got[p] == nil {
				got[p] = map[string]bool{}
			}
			if got[p][token] = true; err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	close(release)
	wg.Wait()
	all := map[string]bool{}
	for _, tokens := range got {
		for token := range tokens {
			all[token] = true
		}
	}
	if s.count("exchange") != 4 || len(got) != 4 || len(all) != 4 {
		t.Errorf("%d calls for 4 different exchanges, tokens %v", s.count("exchange"), got)
	}
	if _, err := ask("1", "a"); err != nil || s.count("exchange") != 5 { // nothing is kept
		t.Errorf("%v, %d calls", err, s.count("exchange"))
	}
}
