package cosmos

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// A counter is a transport that counts what it sends.
type counter struct {
	next policy.Transporter
	mu   sync.Mutex
	sent int
}

func (c *counter) Do(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.sent++
	c.mu.Unlock()
	return c.next.Do(req)
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// counted adds a counter to options.
func counted(t testing.TB, o *Options) *counter {
	t.Helper()
	client, idle := newTransport()
	t.Cleanup(idle)
	c := &counter{next: client}
	o.Transport = c
	return c
}

// ops are the operations that the stand-in served since it was told to forget.
func ops(server *standin.Server) (names []string) {
	for _, r := range server.Requests() {
		names = append(names, r.Op)
	}
	return names
}

func ignore(err, sentinel error) error {
	if errors.Is(err, sentinel) {
		return nil
	}
	return err
}

type trip struct {
	name string
	do   func() error
	want []string
}

// measure asserts what each step asks of the service, in its order: it is what a user waits for, and what is billed.
func measure(t *testing.T, server *standin.Server, sent *counter, steps []trip) {
	t.Helper()
	for _, step := range steps {
		server.Forget()
		before := sent.count()
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		got := ops(server)
		if !slices.Equal(got, step.want) || sent.count()-before != len(step.want) {
			t.Errorf("%s: %d requests, served %q, want %q", step.name, sent.count()-before, got, step.want)
		}
	}
}

func TestRoundTrips(t *testing.T) {
	server := newAccount(t, standin.Options{})
	o := optionsOf(server)
	sent := counted(t, &o)
	s := open(t, o)
	ctx := t.Context()
	pending, other := pendingRow("alice"), pendingRow("alice")
	other.Attempt, other.Generation = "b", 2
	active := in(acsauth.Active, other)
	deleting := in(acsauth.Deleting, active)
	taken, orphan, suspect := suspectOf(pending), orphanOf(pending), suspectOf(pendingRow("bob"))
	const read, create, replace, remove, batch, query = standin.OpRead, standin.OpCreate, standin.OpReplace, standin.OpDelete, standin.OpBatch, standin.OpQuery
	measure(t, server, sent, []trip{
		{"get nothing", func() error { _, err := s.Get(ctx, pending.Key); return ignore(err, acsauth.ErrNotFound) }, []string{read}},
		{"insert", func() error { return s.Insert(ctx, pending) }, []string{create}},
		{"insert again", func() error { return ignore(s.Insert(ctx, pending), acsauth.ErrConflict) }, []string{create}},
		{"take over", func() error { return s.Replace(ctx, pending, other, &taken) }, []string{batch}},
		{"commit", func() error { return s.Replace(ctx, other, active, nil) }, []string{replace}},
		{"get", func() error { _, err := s.Get(ctx, active.Key); return err }, []string{read}},
		{"find", func() error { _, err := s.Find(ctx, active.Identity); return err }, []string{query}},
		{"list", func() error { _, _, err := s.List(ctx, "", 10); return err }, []string{query}},
		{"mark for deletion, with a line that is there", func() error { return s.Replace(ctx, active, deleting, &orphan) }, []string{batch, read, read, batch}},
		{"unfinished", func() error { _, err := s.Unfinished(ctx, acsauth.Deleting, 0, 10); return err }, []string{query}},
		{"remove", func() error { return s.Remove(ctx, deleting, nil) }, []string{remove}},
		{"remove again", func() error { return ignore(s.Remove(ctx, deleting, nil), acsauth.ErrConflict) }, []string{read}},
		{"drop the line", func() error { return s.DropLine(ctx, taken.User, taken.Attempt) }, []string{remove}},
		{"drop no line", func() error { return s.DropLine(ctx, taken.User, taken.Attempt) }, []string{remove}},
		{"put a line", func() error { return s.PutLine(ctx, suspect) }, []string{create}},
		{"put it again", func() error { return s.PutLine(ctx, suspect) }, []string{create, read, replace}},
		{"lines", func() error { _, err := s.Lines(ctx, acsauth.Suspect, 10); return err }, []string{query}},
		{"counts", func() error { _, err := s.Counts(ctx); return err }, []string{query}},
		{"lock", func() error { _, err := s.Lock(ctx, "a", "b", time.Hour); return err }, []string{read, create}},
		{"renew", func() error { _, err := s.Lock(ctx, "a", "b", time.Hour); return err }, []string{read, replace}},
		{"held", func() error { _, err := s.Lock(ctx, "a", "c", time.Hour); return err }, []string{read}},
		{"ping", func() error { return s.Ping(ctx) }, []string{read}},
	})
}

// TestOpenTrips: what it costs to open a new container, and one that is there.
func TestOpenTrips(t *testing.T) {
	server := newAccount(t, standin.Options{})
	o := optionsOf(server)
	sent := counted(t, &o)
	openIt := func() error {
		s, err := Open(t.Context(), o)
		if err != nil {
			return err
		}
		return s.Close()
	}
	measure(t, server, sent, []trip{
		{"a new one", openIt, []string{standin.OpAccount, standin.OpReadContainer, standin.OpCreateDatabase, standin.OpCreateContainer,
			standin.OpReadContainer, standin.OpRead, standin.OpCreate, standin.OpRead}},
		{"one that is there", openIt, []string{standin.OpAccount, standin.OpReadContainer, standin.OpRead}},
	})
}

// TestSessionTrips: with session consistency each read of a row costs a write before it.
func TestSessionTrips(t *testing.T) {
	server := newAccount(t, standin.Options{Consistency: standin.Session})
	o := optionsOf(server)
	o.AllowSession = true
	sent := counted(t, &o)
	s := open(t, o)
	pending := pendingRow("alice")
	guarded := []string{standin.OpUpsert, standin.OpRead}
	measure(t, server, sent, []trip{
		{"get nothing", func() error { _, err := s.Get(t.Context(), pending.Key); return ignore(err, acsauth.ErrNotFound) }, guarded},
		{"insert", func() error { return s.Insert(t.Context(), pending) }, []string{standin.OpCreate}},
		{"get", func() error { _, err := s.Get(t.Context(), pending.Key); return err }, guarded},
		{"commit", func() error { return s.Replace(t.Context(), pending, in(acsauth.Active, pending), nil) }, []string{standin.OpReplace}},
		{"ping", func() error { return s.Ping(t.Context()) }, []string{standin.OpRead}},
	})
}
