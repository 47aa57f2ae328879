package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/testkit"
	"github.com/acs-solutions/acsauth/storetest"
	"pgregory.net/rapid"
)

// genPart makes texts that are likely to collide: few letters, blanks, commas and what numbers look like.
func genPart() *rapid.Generator[string] { return rapid.StringMatching(`[ab,: 0-1é]{0,4}`) }

func genKey(t *rapid.T, name string) acsauth.UserKey {
	return acsauth.UserKey{Issuer: genPart().Draw(t, name+" issuer"), Subject: genPart().Draw(t, name+" subject")}
}

// P-03: the key of a flight to the store is that of one user: two users never share one.
func TestFlightKeysAreInjective(t *testing.T) {
	testkit.Checks(t, "10000")
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := genKey(t, "a"), genKey(t, "b")
		if (a == b) != (a.Hash() == b.Hash()) {
			t.Fatalf("%q and %q", a, b)
		}
		if a != b && a.Issuer+a.Subject == b.Issuer+b.Subject {
			met++
		}
	})
	if met == 0 {
		t.Error("no two keys were alike but for where the parts end: the test shows nothing")
	}
}

// A mintWish is what a token is issued for.
type mintWish struct {
	id     acsauth.Identity
	life   time.Duration
	scopes []acsauth.Scope
}

func genWish(t *rapid.T, name string) mintWish {
	return mintWish{
		id:     acsauth.Identity("8:acs:r_" + rapid.StringMatching(`[a-b0-1_-]{1,3}`).Draw(t, name+" id")),
		life:   time.Duration(rapid.IntRange(60, 62).Draw(t, name+" life")) * time.Minute,
		scopes: normalScopes(rapid.SliceOfN(rapid.SampledFrom(acsauth.AllScopes()), 1, 3).Draw(t, name+" scopes")),
	}
}

func (w mintWish) String() string { return fmt.Sprintf("%s|%v|%q", w.id, w.life, w.scopes) }

// P-03: two calls that are under way at once share a token exactly if they ask for the same identity, scopes and lifetime.
func TestSharedTokensAreForTheSameWish(t *testing.T) {
	testkit.Checks(t, "3000")
	shared, apart := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		wishes := []mintWish{genWish(r, "a"), genWish(r, "b")}
		if rapid.Bool().Draw(r, "same identity") {
			wishes[1].id = wishes[0].id
		}
		if rapid.Bool().Draw(r, "same life") {
			wishes[1].life = wishes[0].life
		}
		if rapid.Bool().Draw(r, "same scopes") {
			wishes[1].scopes = wishes[0].scopes
		}
		calls, tokens := mintAtOnce(t, wishes)
		if same := wishes[0].String() == wishes[1].String(); same != (calls == 1) || same != (tokens[0] == tokens[1]) {
			r.Fatalf("%v and %v: %d calls, tokens %q", wishes[0], wishes[1], calls, tokens)
		} else if same {
			shared++
		} else {
			apart++
		}
	})
	if shared == 0 || apart == 0 {
		t.Errorf("%d shared, %d apart: the test shows nothing", shared, apart)
	}
}

// mintAtOnce has both wishes under way before ACS answers any.
func mintAtOnce(t *testing.T, wishes []mintWish) (calls int, tokens []string) {
	tokens = make([]string, len(wishes))
	var mints []func(*testing.T, *Broker)
	for i, w := range wishes {
		mints = append(mints, func(t *testing.T, b *Broker) {
			got, err := b.mint(t.Context(), held{id: w.id}, wish{w.scopes, w.life})
			if err != nil || got.Identity != w.id || !slices.Equal(got.Scopes, w.scopes) {
				t.Errorf("%v: %+v, %v", w, got, err)
			}
			tokens[i] = got.Token
		})
	}
	requests := atOnce(t, func(_ *http.Request, n int) string {
		return fmt.Sprintf(`{"token":"t%d","expiresOn":"2100-01-01T00:00:00Z"}`, n)
	}, mints...)
	return len(requests), tokens
}

// A liar gives out the row of whomever it likes.
type liar struct {
	acsauth.Store
	row acsauth.Mapping
}

func (l liar) Get(context.Context, acsauth.UserKey) (acsauth.Mapping, error) { return l.row, nil }
func (l liar) Find(context.Context, acsauth.Identity) (acsauth.Mapping, error) {
	return l.row, nil
}

// P-03: whatever row a store gives out, nothing of it is shown unless it is the row that was asked for.
func TestStoredPrincipalIsTheOneAsked(t *testing.T) {
	testkit.Checks(t, "10000")
	s := newService(t)
	memory := storetest.NewMemory()
	b := s.replica(t, memory)
	given, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		asked := genKey(r, "asked")
		row := acsauth.Mapping{Key: rapid.SampledFrom([]acsauth.UserKey{asked, genKey(r, "other")}).Draw(r, "row"), State: acsauth.Active, Attempt: "a", Identity: "8:acs:" + testResource + "_x", Resource: testResource, Generation: 1}
		b.store = liar{memory, row}
		caller := acsauth.Caller{Key: asked}
		looked, lookErr := b.LookupIdentity(t.Context(), caller)
		ensured, _, ensureErr := b.EnsureIdentity(t.Context(), caller)
		held, heldErr := b.Holdings(t.Context(), asked)
		described, describeErr := b.Describe(t.Context(), asked)
		own := row.Key == asked
		for _, err := range []error{lookErr, ensureErr, heldErr, describeErr} {
			if (err == nil) != own {
				r.Fatalf("asked for %q, the row is of %q: %v", asked, row.Key, err)
			}
		}
		if !own && (looked != "" || ensured != "" || held.Mapping != nil) {
			r.Fatalf("shown: %q %q %+v %+v", looked, ensured, held.Mapping, described)
		}
		if _, err := b.Owner(t.Context(), "8:acs:"+testResource+"_y"); err == nil {
			r.Fatal("the row of another identity is shown")
		}
		if own {
			given++
		} else {
			refused++
		}
	})
	if given == 0 || refused == 0 || s.count("create") != 0 {
		t.Errorf("%d given, %d refused, %d creates", given, refused, s.count("create"))
	}
}

// P-07: the classifier is total, and says "no effect" only if nothing was sent or a 4xx came that refuses for certain.
func TestOutcomeIsCautious(t *testing.T) {
	testkit.Checks(t, "10000")
	seen := map[outcome]int{}
	rapid.Check(t, func(t *rapid.T) {
		e := &acsidentity.Error{
			StatusCode: rapid.OneOf(rapid.Just(0), rapid.IntRange(100, 599), rapid.Int()).Draw(t, "status"),
			Sent:       rapid.Bool().Draw(t, "sent"),
			Code:       rapid.SampledFrom([]string{"", "Denied", "TooManyRequests", "ValidationError", "IdentityNotOwned"}).Draw(t, "code"),
			RetryAfter: time.Duration(rapid.Int64().Draw(t, "after")),
		}
		err := rapid.SampledFrom([]error{nil, e, fmt.Errorf("a: %w", e), errors.Join(errors.New("b"), e), context.Canceled, context.DeadlineExceeded, http.ErrHandlerTimeout, errors.New("any")}).Draw(t, "error")
		got := classify(err)
		seen[got]++
		_, ours := errors.AsType[*acsidentity.Error](err)
		written := !ours || e.Sent || e.StatusCode != 0
		switch {
		case (got == made) != (err == nil), got > made:
			t.Fatalf("%v: outcome %d", err, got)
		case got == noEffect && written && (e.StatusCode < 400 || e.StatusCode > 499 || e.StatusCode == http.StatusRequestTimeout):
			t.Fatalf("%v, sent %v: no effect", err, e.Sent)
		case got == unknown && ours && !e.Sent && e.StatusCode == 0:
			t.Fatalf("%v was not sent, and its outcome counts as unknown", err)
		}
	})
	if len(seen) != 3 {
		t.Errorf("outcomes %v: not all were met", seen)
	}
}

// A pen notes the form of each write of a broker.
type pen struct {
	acsauth.Store
	mu     sync.Mutex
	forms  map[string]int
	broken []string
}

func (p *pen) note(form string, good bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forms[form]++
	if !good {
		p.broken = append(p.broken, form)
	}
}

func lineWord(l *acsauth.JournalLine) string {
	if l == nil {
		return "no line"
	}
	return string(l.Kind)
}

func (p *pen) Insert(ctx context.Context, m acsauth.Mapping) error {
	p.note("insert "+string(m.State), m.State == acsauth.Pending && m.Attempt != "" && m.Identity == "" && m.Generation == 1 && m.Lease > 0)
	return p.Store.Insert(ctx, m)
}

func (p *pen) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	form := fmt.Sprintf("%s to %s, %s", old.State, next.State, lineWord(line))
	good := old.Key == next.Key
	switch form {
	case "pending to active, no line":
		good = good && next.Attempt == old.Attempt && next.Identity.Valid()
	case "pending to pending, suspect":
		good = good && next.Attempt != old.Attempt && line.Attempt == old.Attempt && line.User == old.Key.Hash() && next.Identity == ""
	case "active to active, no line": // a revocation: the identity stays, and what was kept for the old attempt is not found any more
		good = good && next.Attempt != old.Attempt && next.Identity == old.Identity && next.Generation == old.Generation+1
	case "active to deleting, no line":
		good = good && next.Attempt == old.Attempt && next.Identity == old.Identity
	default:
		good = false
	}
	p.note(form, good)
	return p.Store.Replace(ctx, old, next, line)
}

func (p *pen) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	form := fmt.Sprintf("%s to none, %s", old.State, lineWord(line))
	good := form == "pending to none, no line" || form == "deleting to none, no line" ||
		form == "pending to none, suspect" && line.Attempt == old.Attempt && line.User == old.Key.Hash()
	p.note(form, good)
	return p.Store.Remove(ctx, old, line)
}

// theEight are the writes of a row that the model has.
var theEight = []string{"insert pending", "pending to active, no line", "pending to pending, suspect", "pending to none, no line", "pending to none, suspect", "active to active, no line", "active to deleting, no line", "deleting to none, no line"}

// P-11: whatever callers do and ACS answers, each write of a row is one of the eight of the model, with its fence and its line.
func TestWritesAreThoseOfTheModel(t *testing.T) {
	testkit.Checks(t, "3000")
	seen := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		faults := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 201, 400, 429, 500, 503, -1, -2}), 12, 12).Draw(r, "answers")
		verbs := rapid.SliceOfN(rapid.SampledFrom([]string{"ensure", "ensure", "delete", "token", "revoke", "sweep", "crash", "wait"}), 1, 10).Draw(r, "verbs")
		synctest.Test(t, func(t *testing.T) {
			p := &pen{Store: storetest.NewMemory(), forms: map[string]int{}}
			b := modelBroker(t, p, faults)
			for _, verb := range verbs {
				act(t, b, p, verb)
			}
			for form, n := range p.forms {
				seen[form] += n
			}
			if len(p.broken) > 0 {
				r.Errorf("%v with the answers %v: %q", verbs, faults, p.broken)
			}
		})
	})
	for _, form := range theEight {
		if seen[form] == 0 {
			t.Errorf("%q was never written: %v", form, seen)
		}
	}
	for form := range seen {
		if !slices.Contains(theEight, form) {
			t.Errorf("%q is not of the model", form)
		}
	}
	t.Log(seen)
}

// modelBroker is a broker whose ACS answers as listed, and well when the list is over: 0 well, -1 never, -2 nonsense.
func modelBroker(t *testing.T, store acsauth.Store, faults []int) *Broker {
	n := 0
	c, err := acsidentity.NewClientFromConnectionString("endpoint=https://acs.example;accesskey=c2VjcmV0", &acsidentity.ClientOptions{ClientOptions: noRetry(func(r *http.Request) *http.Response {
		fault := 0
		if n++; n <= len(faults) {
			fault = faults[n-1]
		}
		w := httptest.NewRecorder()
		switch op := operation(r); {
		case fault == -1:
			return nil
		case fault > 201:
			w.WriteHeader(fault)
		case fault == -2:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, "{")
		case op == "create":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"identity":{"id":"8:acs:%s_%08d"}}`, testResource, n)
		case op == "issue":
			fmt.Fprint(w, `{"token":"t","expiresOn":"2100-01-01T00:00:00Z"}`)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
		return w.Result()
	})})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{Store: store, ACS: c, Resource: testResource, Scopes: acsauth.AllScopes()})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// act does one thing; its error is not what is looked at here.
func act(t *testing.T, b *Broker, p *pen, verb string) {
	ctx, caller := t.Context(), user(1)
	switch verb {
	case "ensure":
		_, _, _ = b.EnsureIdentity(ctx, caller)
	case "token":
		_, _ = b.IssueToken(ctx, caller, TokenRequest{MaxLifetime: time.Hour, Create: true})
	case "delete":
		_, _ = b.DeleteIdentity(ctx, caller)
	case "revoke":
		_ = b.RevokeTokens(ctx, caller)
	case "sweep":
		_ = b.Sweep(ctx)
	case "crash": // an intent whose holder is gone
		_ = p.Store.Insert(ctx, b.intent(caller.Key, 1))
		time.Sleep(b.timing.lease)
	case "wait":
		time.Sleep(b.timing.quiet + time.Minute)
	}
}

// A roundTrip answers requests without a network. nil: the connection breaks after the request was sent.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) Do(r *http.Request) (*http.Response, error) {
	resp := f(r)
	if resp == nil {
		return nil, errors.New("connection reset")
	}
	resp.Request = r
	return resp, nil
}

func noRetry(f roundTrip) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: f, Retry: policy.RetryOptions{MaxRetries: -1}}
}
