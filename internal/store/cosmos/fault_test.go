package cosmos

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
	"github.com/acs-solutions/acsauth/storetest"
)

// everyVerb calls each verb once about rows that are there or not.
func everyVerb(ctx context.Context, s *Store) map[string]error {
	row, line := pendingRow("alice"), suspectOf(pendingRow("alice"))
	errs := map[string]error{}
	_, errs["get"] = s.Get(ctx, row.Key)
	errs["insert"] = s.Insert(ctx, pendingRow("new"))
	errs["replace"] = s.Replace(ctx, row, activeRow("alice"), &line)
	errs["remove"] = s.Remove(ctx, row, nil)
	errs["put line"] = s.PutLine(ctx, line)
	errs["drop line"] = s.DropLine(ctx, line.User, line.Attempt)
	_, errs["lines"] = s.Lines(ctx, acsauth.Suspect, 10)
	_, errs["unfinished"] = s.Unfinished(ctx, acsauth.Pending, 0, 10)
	_, errs["counts"] = s.Counts(ctx)
	_, errs["find"] = s.Find(ctx, activeRow("alice").Identity)
	_, _, errs["list"] = s.List(ctx, "", 10)
	_, errs["lock"] = s.Lock(ctx, "sweeper", "holder", time.Hour)
	errs["ping"] = s.Ping(ctx)
	return errs
}

func sentinel(err error) bool {
	return errors.Is(err, acsauth.ErrConflict) || errors.Is(err, acsauth.ErrNotFound)
}

// A deed is one write of a whole life, and what is stored before and after it.
type deed struct {
	name      string
	do        func(s *Store) error
	old, next *acsauth.Mapping
	line      acsauth.JournalLine // of the user after it; Attempt is empty if there is none
}

// life is insert, take over with a line, commit, mark, remove with a line, and drop the lines.
func life(ctx context.Context) []deed {
	a := pendingRow("alice")
	b := a
	b.Attempt, b.Generation = "b", 2
	active := in(acsauth.Active, b)
	deleting := in(acsauth.Deleting, active)
	suspect, orphan := suspectOf(a), orphanOf(b)
	return []deed{
		{name: "insert", do: func(s *Store) error { return s.Insert(ctx, a) }, next: &a},
		{name: "take over", do: func(s *Store) error { return s.Replace(ctx, a, b, &suspect) }, old: &a, next: &b, line: suspect},
		{name: "commit", do: func(s *Store) error { return s.Replace(ctx, b, active, nil) }, old: &b, next: &active},
		{name: "mark", do: func(s *Store) error { return s.Replace(ctx, active, deleting, nil) }, old: &active, next: &deleting},
		{name: "remove", do: func(s *Store) error { return s.Remove(ctx, deleting, &orphan) }, old: &deleting, line: orphan},
	}
}

// landed reports whether a deed is done. It fails if it is half done.
func (d deed) landed(t *testing.T, s *Store) bool {
	t.Helper()
	is := func(want *acsauth.Mapping) bool {
		got, err := s.Get(t.Context(), pendingRow("alice").Key)
		if errors.Is(err, acsauth.ErrNotFound) {
			return want == nil
		}
		must(t, err)
		return want != nil && got.Fenced(*want)
	}
	isNew, isOld := is(d.next), is(d.old)
	if isNew == isOld {
		t.Fatalf("%s: the row is neither old nor new", d.name)
	}
	if d.line.Attempt == "" {
		return isNew
	}
	lines, err := s.Lines(t.Context(), d.line.Kind, 100)
	must(t, err)
	has := false
	for _, l := range lines {
		has = has || l.Attempt == d.line.Attempt
	}
	if has != isNew {
		t.Fatalf("%s: half done: the row is new: %t, the line is there: %t", d.name, isNew, has)
	}
	return isNew
}

// TestEveryRequest lets each request of a whole life fail in turn, in each way: nothing is
// half written, no error says more than is known, and the life can go on.
func TestEveryRequest(t *testing.T) {
	for name, fault := range map[string]standin.Fault{
		"request lost": {Kind: standin.LoseRequest}, "answer lost": {Kind: standin.LoseAnswer},
		"429": {Kind: standin.Status, Status: 429, RetryAfter: time.Millisecond}, "503": {Kind: standin.Status, Status: 503},
		"449": {Kind: standin.Status, Status: 449}, "412": {Kind: standin.Status, Status: 412}, "403": {Kind: standin.Status, Status: 403},
		"401": {Kind: standin.Status, Status: 401}, "410": {Kind: standin.Status, Status: 410}, "404": {Kind: standin.Status, Status: 404, Substatus: 1003},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hints := range []bool{true, false} {
				n := 0
				for ; failRequest(t, fault, n, hints); n++ {
				}
				if least := map[bool]int{true: 5, false: 9}[hints]; n < least {
					t.Errorf("a life takes %d requests only, with hints: %t", n, hints)
				}
			}
		})
	}
}

// failRequest lets request n of a life fail. False: a life has not so many.
func failRequest(t *testing.T, fault standin.Fault, n int, hints bool) bool {
	t.Helper()
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	fault.After = n
	server.Inject(fault)
	failed := liveOn(t, server, s, hints)
	met := server.Left() == 0
	server.Heal()
	if met && failed == "" && fault.Status != 449 && fault.Status != 412 && !absorbed(server) {
		t.Errorf("request %d failed and nobody was told", n)
	}
	return met
}

// absorbed: the request that met the fault was a read, which is made again.
func absorbed(server *standin.Server) bool {
	for _, r := range server.Requests() {
		if r.Op == standin.OpRead && r.Key != metaPartition && (r.Status == 0 || r.Status >= 400) {
			return true
		}
	}
	return false
}

// liveOn does the deeds of a life, again where they failed, and returns the names of those that did.
func liveOn(t *testing.T, server *standin.Server, s *Store, hints bool) (failed string) {
	t.Helper()
	for _, d := range life(t.Context()) {
		for try := 0; ; try++ {
			if !hints {
				s.hints.take(pendingRow("alice").Key.Hash(), pendingRow("alice"))
			}
			err := d.do(s)
			if sentinel(err) || try > 2 {
				t.Fatalf("%s, try %d: %v", d.name, try, err)
			}
			server.Suspend(true)
			landed := d.landed(t, s)
			server.Suspend(false)
			if err == nil && !landed {
				t.Fatalf("%s: no error, and it is not done", d.name)
			}
			if err != nil {
				failed += d.name + " "
				if strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), "8:acs") {
					t.Errorf("the error shows whom it is about: %v", err)
				}
				if landed && strings.Contains(err.Error(), "not done") {
					t.Errorf("%s is done, and the error says %v", d.name, err)
				}
			}
			if landed {
				break
			}
		}
	}
	return failed
}

// TestStorm: writes that are refused again and again because others write are
// tried again, and given up without a sentinel.
func TestStorm(t *testing.T) {
	row, other := pendingRow("alice"), pendingRow("alice")
	other.Attempt = "b"
	line, has := suspectOf(row), suspectOf(pendingRow("bob"))
	for _, c := range []struct {
		name, op string
		status   int
		do       func(s *Store) error
	}{
		{"replace", standin.OpReplace, http.StatusPreconditionFailed, func(s *Store) error { return s.Replace(t.Context(), row, other, nil) }},
		{"replace with a line", standin.OpBatch, http.StatusPreconditionFailed, func(s *Store) error { return s.Replace(t.Context(), row, other, &line) }},
		{"remove", standin.OpDelete, http.StatusPreconditionFailed, func(s *Store) error { return s.Remove(t.Context(), row, nil) }},
		{"put line", standin.OpReplace, http.StatusPreconditionFailed, func(s *Store) error { return s.PutLine(t.Context(), has) }},
		{"insert", standin.OpCreate, statusRetryWith, func(s *Store) error { return s.Insert(t.Context(), pendingRow("carol")) }},
		{"replace and another write", standin.OpReplace, statusRetryWith, func(s *Store) error { return s.Replace(t.Context(), row, other, nil) }},
		{"drop line", standin.OpDelete, statusRetryWith, func(s *Store) error { return s.DropLine(t.Context(), has.User, has.Attempt) }},
		{"lock", standin.OpReplace, http.StatusPreconditionFailed, func(s *Store) error { _, err := s.Lock(t.Context(), "name", "holder", time.Hour); return err }},
	} {
		server := newAccount(t, standin.Options{})
		s := open(t, optionsOf(server))
		must(t, s.Insert(t.Context(), row))
		must(t, s.PutLine(t.Context(), has))
		if _, err := s.Lock(t.Context(), "name", "holder", time.Hour); err != nil {
			t.Fatal(err)
		}
		storm := standin.Fault{Kind: standin.Status, Status: c.status, Op: c.op, Times: -1}
		server.Inject(storm)
		if err := c.do(s); err == nil || sentinel(err) || !strings.Contains(err.Error(), "not done") {
			t.Errorf("%s in a storm without an end: %v", c.name, err)
		}
		server.Heal()
		storm.Times = 3
		server.Inject(storm)
		if err := c.do(s); err != nil {
			t.Errorf("%s in a storm of three: %v", c.name, err)
		}
	}
}

// TestThrottled: reads wait as long as the service says and are made again; a write is not, and says what to do.
func TestThrottled(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	busy := standin.Fault{Kind: standin.Status, Status: http.StatusTooManyRequests, RetryAfter: 60 * time.Millisecond}
	server.Inject(busy)
	start := time.Now()
	wantRow(t, s, pendingRow("alice"))
	if d := time.Since(start); d < busy.RetryAfter {
		t.Errorf("the read was made again after %v", d)
	}
	server.Inject(busy)
	err := s.Insert(t.Context(), pendingRow("bob"))
	if err == nil || sentinel(err) || !strings.Contains(err.Error(), "not done") || !strings.Contains(err.Error(), "raise its request units; free again in 60ms") {
		t.Errorf("a write: %v", err)
	}
	busy.RetryAfter, busy.Times = time.Minute, -1
	server.Inject(busy)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.Get(ctx, pendingRow("alice").Key); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("a read that would have to wait for longer than it may: %v", err)
	}
}

// TestLostAnswers: the answer of each verb is lost after it had its effect.
func TestLostAnswers(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	server.Inject(standin.Fault{Kind: standin.LoseAnswer, Times: -1})
	for name, err := range everyVerb(t.Context(), s) {
		if err == nil || sentinel(err) {
			t.Errorf("%s whose answers are lost: %v", name, err)
		}
	}
	server.Heal()
	wantRow(t, s, pendingRow("new")) // its insert had an effect
	if err := s.Insert(t.Context(), pendingRow("new")); !errors.Is(err, acsauth.ErrConflict) {
		t.Errorf("insert again: %v", err)
	}
}

// TestDeadlines: each verb returns soon after its ctx ends, and so does Close.
func TestDeadlines(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	server.Inject(standin.Fault{Kind: standin.Delay, Delay: time.Second, Times: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	for name, err := range everyVerb(ctx, s) {
		if !errors.Is(err, context.DeadlineExceeded) || sentinel(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := time.Since(start); d > 900*time.Millisecond*13 {
		t.Errorf("thirteen calls took %v", d)
	}
	must(t, s.Close())
	for name, err := range everyVerb(t.Context(), s) {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// TestOutage: the account goes away and comes back.
func TestOutage(t *testing.T) {
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		server := newAccount(t, standin.Options{})
		return away(server, standin.LoseRequest)
	})
}

// TestOutageHangs: the account takes requests and answers none.
func TestOutageHangs(t *testing.T) {
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		server := newAccount(t, standin.Options{})
		return away(server, standin.Hang)
	})
}

func away(server *standin.Server, kind standin.FaultKind) storetest.Outage {
	return storetest.Outage{Open: opener(optionsOf(server)),
		Kill:   func() error { server.Inject(standin.Fault{Kind: kind, Times: -1}); return nil },
		Return: func() error { server.Heal(); return nil }}
}

// TestBatchAnswers: what is no clear answer to a batch is no sentinel and no success.
func TestBatchAnswers(t *testing.T) {
	for _, body := range []string{`[]`, `[{"statusCode":200}]`, `[{"statusCode":200},{"statusCode":424}]`, `[{"statusCode":424},{"statusCode":424}]`,
		`[{"statusCode":200},{}]`, `{}`, `x`, `[{"statusCode":500},{"statusCode":424}]`} {
		for _, status := range []int{http.StatusOK, http.StatusMultiStatus} {
			server := newAccount(t, standin.Options{})
			o := optionsOf(server)
			next, idle := newTransport()
			t.Cleanup(idle)
			o.Transport = forged{next, status, body}
			s := open(t, o)
			row, line := pendingRow("alice"), suspectOf(pendingRow("alice"))
			must(t, s.Insert(t.Context(), row))
			if err := s.Remove(t.Context(), row, &line); err == nil || sentinel(err) || !strings.Contains(err.Error(), "may or may not") {
				t.Errorf("%d %s: %v", status, body, err)
			}
		}
	}
}

// TestBadItems: items that this program did not write are errors, and no absent rows.
func TestBadItems(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	row := pendingRow("alice")
	good := rowItem(row)
	for name, change := range map[string]func(i *item){
		"another user": func(i *item) { i.Subject = "bob" }, "no state": func(i *item) { i.State = "" }, "an unknown state": func(i *item) { i.State = "lost" },
		"another kind": func(i *item) { i.Kind = kindLock }, "active without identity": func(i *item) { i.State = "active" }, "no attempt": func(i *item) { i.Attempt = "" },
	} {
		bad := good
		change(&bad)
		_, err := s.items.UpsertItem(t.Context(), partition(good.Key), bad.encode(), nil)
		must(t, err)
		_, err = s.Get(t.Context(), row.Key)
		if !errors.Is(err, errUnreadable) || strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Remove(t.Context(), row, nil); !errors.Is(err, errUnreadable) {
			t.Errorf("%s, remove: %v", name, err)
		}
	}
}
