package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

func wantCode(t *testing.T, err error, code string) *acsauth.Error {
	t.Helper()
	e, ok := errors.AsType[*acsauth.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("got error %v, want code %s", err, code)
	}
	if e.Op == "" || e.Detail == "" || e.Hint == "" {
		t.Errorf("%s says too little: %+v", code, e)
	}
	return e
}

// many runs f at once and returns the first error.
func many(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestOneIdentityForManyFirstCalls(t *testing.T) {
	s := newService(t)
	store := storetest.NewMemory()
	replicas := []*Broker{s.replica(t, store), s.replica(t, store), s.replica(t, store)}
	const users, calls = 20, 15
	var mu sync.Mutex
	ids := map[acsauth.UserKey]acsauth.Identity{}
	created := 0
	err := many(users*calls, func(i int) error {
		c := user(i % users)
		id, fresh, err := replicas[i%len(replicas)].EnsureIdentity(t.Context(), c)
		mu.Lock()
		defer mu.Unlock()
		if fresh {
			created++
		}
		if before, ok := ids[c.Key]; ok && before != id {
			err = errors.Join(err, errors.New("two ids for one user"))
		}
		ids[c.Key] = id
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.count("create") != users || created != users || len(ids) != users {
		t.Errorf("%d creates, %d callers told that they created, %d users of %d", s.count("create"), created, len(ids), users)
	}
}

// Each create's first answer is lost: every user is served all the same, and the journal has a line for each loss.
func TestLostAnswersAreCounted(t *testing.T) {
	s, b := newTestBroker(t)
	const users = 100
	s.after = func(op string, n int, w http.ResponseWriter) bool { return op == "create" && n%2 == 1 && cut(w) }
	for i := range users {
		if _, created, err := b.EnsureIdentity(t.Context(), user(i)); err != nil || !created {
			t.Fatal(created, err)
		}
	}
	c, err := b.store.Counts(t.Context())
	if err != nil || c != (acsauth.Counts{Active: users, Suspects: users}) {
		t.Errorf("counts %+v, %v: want %d active and as many suspects", c, err, users)
	}
	if surplus := s.living() - users; surplus != users {
		t.Errorf("%d surplus identities for %d lost answers", surplus, users)
	}
}

// When the second answer is lost too, the caller is told, and a repeat serves.
func TestTwoLostAnswers(t *testing.T) {
	s, b := newTestBroker(t)
	s.after = func(op string, n int, w http.ResponseWriter) bool { return op == "create" && n <= 2 && cut(w) }
	_, _, err := b.EnsureIdentity(t.Context(), user(1))
	wantCode(t, err, "create_outcome_unknown")
	if _, created, err := b.EnsureIdentity(t.Context(), user(1)); err != nil || !created {
		t.Fatal(created, err)
	}
	if c, _ := b.store.Counts(t.Context()); c != (acsauth.Counts{Active: 1, Suspects: 2}) || s.living() != 3 {
		t.Errorf("counts %+v, %d alive", c, s.living())
	}
}

func TestDefiniteRefusalLeavesNothing(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
	}{{401, "acs_denied"}, {403, "acs_denied"}, {400, "acs_rejected"}, {429, "acs_throttled"}} {
		s, b := newTestBroker(t)
		s.before = refuse(c.status, "Retry-After", "30")
		_, _, err := b.EnsureIdentity(t.Context(), user(1))
		e := wantCode(t, err, c.code)
		if got, _ := b.store.Counts(t.Context()); got != (acsauth.Counts{}) {
			t.Errorf("status %d leaves %+v", c.status, got)
		}
		if c.status == 429 && (e.RetryAfter < 29*time.Second || e.RetryAfter > 30*time.Second) {
			t.Errorf("RetryAfter %v", e.RetryAfter)
		}
		if _, _, err = b.EnsureIdentity(t.Context(), user(2)); err == nil {
			t.Error("served while ACS refuses")
		}
		if holds := c.status != 400; holds != (s.count("create") == 1) {
			t.Errorf("status %d: %d creates sent", c.status, s.count("create"))
		}
	}
}

func TestUnreadableAnswerIsKept(t *testing.T) {
	s, b := newTestBroker(t)
	s.after = func(op string, n int, w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"identity":{"id":"something else"}}`))
		return true
	}
	_, _, err := b.EnsureIdentity(t.Context(), user(1))
	wantCode(t, err, "create_outcome_unknown")
	lines, err := b.store.Lines(t.Context(), acsauth.Suspect, 10)
	if err != nil || len(lines) != 1 || len(lines[0].Answer) == 0 || lines[0].RequestID == "" || lines[0].User != user(1).Key.Hash() {
		t.Errorf("journal %+v, %v", lines, err)
	}
	for i := range 5 {
		_, _, err = b.EnsureIdentity(t.Context(), user(2+i))
		wantCode(t, err, "create_outcome_unknown")
	}
	if s.count("create") != strangeAnswers {
		t.Errorf("%d creates sent: each leaves one more identity", s.count("create"))
	}
}

func TestDelete(t *testing.T) {
	s, b := newTestBroker(t)
	ctx := t.Context()
	if done, err := b.DeleteIdentity(ctx, user(1)); !done || err != nil || s.count("delete") != 0 {
		t.Fatalf("nobody to delete: %v %v", done, err)
	}
	first, _, err := b.EnsureIdentity(ctx, user(1))
	if err != nil {
		t.Fatal(err)
	}
	s.before = func(op string, n int, w http.ResponseWriter) bool {
		return op == "delete" && refuse(503)(op, n, w)
	}
	if done, err := b.DeleteIdentity(ctx, user(1)); done || err != nil {
		t.Fatalf("ACS is down: done %v, %v", done, err)
	}
	_, _, err = b.EnsureIdentity(ctx, user(1))
	wantCode(t, err, "deletion_in_progress")
	_, err = b.LookupIdentity(ctx, user(1))
	wantCode(t, err, "identity_not_found")
	s.before = nil
	b.timing.deleteLease, b.timing.deletePause = 0, time.Millisecond
	if done, err := b.DeleteIdentity(ctx, user(1)); !done || err != nil || s.living() != 0 {
		t.Fatalf("resumed: done %v, %v, %d alive", done, err, s.living())
	}
	second, created, err := b.EnsureIdentity(ctx, user(1))
	if err != nil || !created || second == first {
		t.Errorf("after the deletion: %s %v %v", second, created, err)
	}
}

func TestSweeperFinishesADeletion(t *testing.T) {
	s, b := newTestBroker(t)
	ctx := t.Context()
	if _, _, err := b.EnsureIdentity(ctx, user(1)); err != nil {
		t.Fatal(err)
	}
	b.timing.deleteLease, b.timing.deletePause = time.Millisecond, time.Millisecond
	s.before = func(op string, n int, w http.ResponseWriter) bool { return op == "delete" && refuse(503)(op, n, w) }
	if done, err := b.DeleteIdentity(ctx, user(1)); done || err != nil {
		t.Fatal(done, err)
	}
	s.before = nil
	time.Sleep(2 * time.Millisecond) // the lease is over
	if err := b.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if c, _ := b.store.Counts(ctx); c != (acsauth.Counts{}) || s.living() != 0 {
		t.Errorf("left: %+v, %d alive", c, s.living())
	}
}

// A wrong connection string gets the same IdentityNotOwned as a deleted identity.
func TestNotOwnedIsNoProofOfDeletion(t *testing.T) {
	s := newService(t)
	store := storetest.NewMemory()
	if _, _, err := s.replica(t, store).EnsureIdentity(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	other := newService(t) // knows none of the identities
	b, err := New(Options{Store: store, ACS: other.client(t), Resource: "same-label", Scopes: []acsauth.Scope{acsauth.ScopeChat}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour})
	wantCode(t, err, "identity_of_another_resource")
	if _, err = b.DeleteIdentity(t.Context(), user(1)); err == nil {
		t.Error("deleted through another resource")
	}
	b.resource = testResource // the label is right, the connection string is not
	_, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour})
	wantCode(t, err, "identity_of_another_resource")
	if done, err := b.DeleteIdentity(t.Context(), user(1)); done || err != nil {
		t.Errorf("taken for deleted: %v %v", done, err)
	}
	if c, _ := store.Counts(t.Context()); c.Deleting != 1 {
		t.Errorf("the mapping was lost: %+v", c)
	}
}

func TestLostIdentityIsNamedAndCanBeReplaced(t *testing.T) {
	s, b := newTestBroker(t)
	id, _, err := b.EnsureIdentity(t.Context(), user(1))
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.alive[id] = false
	s.mu.Unlock()
	_, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour, Create: true})
	wantCode(t, err, "identity_lost")
	wantCode(t, b.RevokeTokens(t.Context(), user(1)), "identity_lost")
	if done, err := b.DeleteIdentity(t.Context(), user(1)); !done || err != nil {
		t.Fatal(done, err)
	}
	if _, err = b.IssueToken(t.Context(), user(1), TokenRequest{MaxLifetime: time.Hour, Create: true}); err != nil {
		t.Fatal(err)
	}
}

func TestTokensNarrowButNeverWiden(t *testing.T) {
	s, b := newTestBroker(t)
	b.scopes = []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIPJoin}
	for _, c := range []struct {
		scopes []acsauth.Scope
		life   time.Duration
		code   string
	}{
		{nil, 0, ""}, {[]acsauth.Scope{"chat"}, time.Hour, ""}, {[]acsauth.Scope{"chat.join", "voip.join"}, 120 * time.Minute, ""},
		{[]acsauth.Scope{"chat.join.limited"}, 0, ""}, {[]acsauth.Scope{"chat", "chat"}, 0, ""},
		{[]acsauth.Scope{"voip"}, 0, "scope_not_allowed"}, {[]acsauth.Scope{"admin"}, 0, "scope_invalid"}, {[]acsauth.Scope{}, 0, "scope_invalid"},
		{nil, 59 * time.Minute, "lifetime_invalid"}, {nil, 121 * time.Minute, "lifetime_invalid"}, {nil, -time.Hour, "lifetime_invalid"}, {nil, 61*time.Minute + time.Second, "lifetime_invalid"},
	} {
		_, err := b.IssueToken(t.Context(), user(1), TokenRequest{Scopes: c.scopes, Lifetime: c.life, MaxLifetime: 120 * time.Minute, Create: true})
		if c.code != "" {
			wantCode(t, err, c.code)
		} else if err != nil {
			t.Errorf("%v %v: %v", c.scopes, c.life, err)
		}
	}
	if s.count("create") != 1 || s.count("issue") != 4 { // the first token came with the identity
		t.Errorf("%d creates and %d issues", s.count("create"), s.count("issue"))
	}
	_, err := b.IssueToken(t.Context(), user(2), TokenRequest{MaxLifetime: time.Hour})
	wantCode(t, err, "identity_not_found")
}

// A waiter keeps its own deadline, and leaving does not spoil the others.
func TestWaiterHonoursItsOwnContext(t *testing.T) {
	s, b := newTestBroker(t)
	release := make(chan struct{})
	s.before = func(op string, n int, w http.ResponseWriter) bool { <-release; return false }
	gone, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, _, err := b.EnsureIdentity(gone, user(1)); first <- err }()
	for s.count("create") == 0 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that left got %v", err)
	}
	second := make(chan error)
	go func() { _, _, err := b.EnsureIdentity(t.Context(), user(1)); second <- err }()
	close(release)
	if err := <-second; err != nil || s.count("create") != 1 {
		t.Errorf("the one that stayed got %v, after %d creates", err, s.count("create"))
	}
}

func TestTeamsExchangeNamesTheCaller(t *testing.T) {
	s, b := newTestBroker(t)
	caller := acsauth.Caller{Key: acsauth.UserKey{Issuer: "i", Subject: testResource}}
	teams := acsauth.TeamsToken{Token: "t", Client: testResource}
	got, err := b.ExchangeTeamsToken(t.Context(), caller, teams)
	if err != nil || got.Identity != acsauth.Identity("8:orgid:"+testResource) || got.Token == "" {
		t.Errorf("%v %v", got, err)
	}
	s.before = func(_ string, _ int, w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":{"code":"InvalidAccessToken","message":"Provided access token is not valid."}}`))
		return true
	}
	_, err = b.ExchangeTeamsToken(t.Context(), caller, teams)
	wantCode(t, err, "teams_token_rejected")
}

func TestRevoke(t *testing.T) {
	s, b := newTestBroker(t)
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil || s.count("revoke") != 0 {
		t.Errorf("nothing to revoke: %v", err)
	}
	if _, _, err := b.EnsureIdentity(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeTokens(t.Context(), user(1)); err != nil || s.count("revoke") != 1 {
		t.Errorf("%v after %d calls", err, s.count("revoke"))
	}
	s.before = refuse(http.StatusInternalServerError)
	wantCode(t, b.RevokeTokens(t.Context(), user(1)), "acs_unavailable")
}

type panickyStore struct{ acsauth.Store }

func (panickyStore) Insert(context.Context, acsauth.Mapping) error { panic("a bug") }
func (panickyStore) Lock(context.Context, string, string, time.Duration) (bool, error) {
	panic("a bug")
}

// A panic in a flight or in the sweeper must not end the process.
func TestPanicIsContained(t *testing.T) {
	s := newService(t)
	b := s.replica(t, panickyStore{storetest.NewMemory()})
	if _, _, err := b.EnsureIdentity(t.Context(), user(1)); acsauth.KindOf(err) != acsauth.Internal || err == nil {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	b.Run(ctx)
}

type mixedUpStore struct{ acsauth.Store }

func (s mixedUpStore) Get(ctx context.Context, _ acsauth.UserKey) (acsauth.Mapping, error) {
	return s.Store.Get(ctx, user(1).Key)
}

// A store that gives out another user's row must not give out another user's identity.
func TestRowOfAnotherUserIsRefused(t *testing.T) {
	s := newService(t)
	store := storetest.NewMemory()
	if _, _, err := s.replica(t, store).EnsureIdentity(t.Context(), user(1)); err != nil {
		t.Fatal(err)
	}
	b := s.replica(t, mixedUpStore{store})
	_, _, err := b.EnsureIdentity(t.Context(), user(2))
	wantCode(t, err, "store_unavailable")
	_, err = b.IssueToken(t.Context(), user(2), TokenRequest{MaxLifetime: time.Hour})
	wantCode(t, err, "store_unavailable")
	if _, err := b.DeleteIdentity(t.Context(), user(2)); err == nil || s.living() != 1 {
		t.Error("another user's identity was deleted")
	}
}

// One orphan that cannot be deleted does not keep the sweeper from the others; many in a row make it rest.
func TestSweeperPassesOverWhatFails(t *testing.T) {
	s, b := newTestBroker(t)
	b.timing.deletePause = 0
	ctx := t.Context()
	line := func(n int) acsauth.JournalLine {
		id := acsauth.Identity(fmt.Sprintf("8:acs:%s_%08d", testResource, n))
		s.alive[id] = true
		l := acsauth.JournalLine{Attempt: fmt.Sprint("a", n), Kind: acsauth.Orphan, User: "u", Identity: id, Resource: testResource}
		if err := b.store.PutLine(ctx, l); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // lines have an order
		return l
	}
	stuck := line(1)
	for n := 2; n <= 6; n++ {
		line(n)
	}
	s.before = func(op string, n int, w http.ResponseWriter) bool {
		return n == 1 && op == "delete" && refuse(http.StatusForbidden)(op, n, w)
	}
	if err := b.Sweep(ctx); err == nil {
		t.Error("a failure was not told")
	}
	if lines, _ := b.store.Lines(ctx, acsauth.Orphan, 10); len(lines) != 1 || lines[0].Identity != stuck.Identity {
		t.Errorf("left: %+v", lines)
	}
	for n := 7; n <= 12; n++ {
		line(n)
	}
	before := s.count("delete")
	s.before = func(op string, n int, w http.ResponseWriter) bool { return refuse(http.StatusForbidden)(op, n, w) }
	if err := b.Sweep(ctx); err == nil || s.count("delete")-before != 3 {
		t.Errorf("%v after %d deletes", err, s.count("delete")-before)
	}
	s.before = nil
	if err := b.Sweep(ctx); err != nil {
		t.Error(err)
	}
	if c, _ := b.store.Counts(ctx); c != (acsauth.Counts{}) {
		t.Errorf("left: %+v", c)
	}
}
