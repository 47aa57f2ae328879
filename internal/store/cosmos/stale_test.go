package cosmos

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// replicas opens two stores of one account, each with a client of its own.
func replicas(t *testing.T, server *standin.Server) (a, b *Store) {
	t.Helper()
	o := optionsOf(server)
	o.AllowSession = true
	return open(t, o), open(t, o)
}

func wantRow(t *testing.T, s *Store, want acsauth.Mapping) {
	t.Helper()
	got, err := s.Get(t.Context(), want.Key)
	if err != nil || !got.Fenced(want) {
		t.Errorf("got a row in state %q, %v; want %q", got.State, err, want.State)
	}
}

// TestStaleReplica: what one replica was told is done the other sees, though
// the service answers reads that may lag from a copy that stands still.
func TestStaleReplica(t *testing.T) {
	for _, level := range []string{standin.Strong, standin.BoundedStaleness, standin.Session} {
		t.Run(level, func(t *testing.T) {
			server := newAccount(t, standin.Options{Consistency: level})
			a, b := replicas(t, server)
			row := pendingRow("alice")
			must(t, a.Insert(t.Context(), row))
			wantRow(t, b, row)
			server.SetStale(true)
			active := in(acsauth.Active, row)
			must(t, a.Replace(t.Context(), row, active, nil))
			wantRow(t, b, active) // the read after an unknown commit: were it old, a live identity would be deleted
			deleting := in(acsauth.Deleting, active)
			must(t, b.Replace(t.Context(), active, deleting, nil)) // were its read old, this would be refused
			wantRow(t, a, deleting)
			line := orphanOf(row)
			must(t, a.Remove(t.Context(), deleting, &line))
			if _, err := b.Get(t.Context(), row.Key); !errors.Is(err, acsauth.ErrNotFound) {
				t.Errorf("a row that was removed: %v", err)
			}
			if err := b.Replace(t.Context(), deleting, active, nil); !errors.Is(err, acsauth.ErrConflict) {
				t.Errorf("a change of a row that was removed: %v", err)
			}
			must(t, b.PutLine(t.Context(), suspectOf(row))) // must find the orphan
			server.SetStale(false)
			lines, err := b.Lines(t.Context(), acsauth.Orphan, 10)
			if err != nil || len(lines) != 1 {
				t.Errorf("%d orphans, %v: a suspect took the place of an orphan", len(lines), err)
			}
			has, err := a.Lock(t.Context(), "sweeper", "one", 3600e9)
			if err != nil || !has {
				t.Fatal(has, err)
			}
			server.SetStale(true)
			if has, err := b.Lock(t.Context(), "sweeper", "two", 3600e9); has || err != nil {
				t.Errorf("two holders: %v", err)
			}
		})
	}
}

// TestStandInLags: the test above can fail. A plain read with session consistency is old here.
func TestStandInLags(t *testing.T) {
	server := newAccount(t, standin.Options{Consistency: standin.Session})
	a, _ := replicas(t, server)
	server.SetStale(true)
	must(t, a.Insert(t.Context(), pendingRow("alice")))
	_, err := a.items.ReadItem(t.Context(), partition(pendingRow("alice").Key.Hash()), rowID, nil)
	if err = plain(err); !absent(err) {
		t.Errorf("a plain read: %v", err)
	}
}

// TestStaleFind: with session consistency Find says who holds an identity only when it is sure.
func TestStaleFind(t *testing.T) {
	server := newAccount(t, standin.Options{Consistency: standin.Session})
	a, b := replicas(t, server)
	active := activeRow("alice")
	must(t, a.Insert(t.Context(), active))
	if got, err := b.Find(t.Context(), active.Identity); err != nil || got.Key != active.Key {
		t.Errorf("find: %v", err)
	}
	server.SetStale(true)
	must(t, a.Remove(t.Context(), active, nil))
	unsure := func(id acsauth.Identity) {
		t.Helper()
		_, err := b.Find(t.Context(), id)
		if err == nil || errors.Is(err, acsauth.ErrNotFound) || !strings.Contains(err.Error(), "nobody can tell") {
			t.Errorf("find: %v, want an error that is no sentinel", err)
		}
	}
	unsure(active.Identity)
	bob := activeRow("bob")
	must(t, a.Insert(t.Context(), bob))
	unsure(bob.Identity)
}

// TestOneRegion: no request goes to a region that lags, not even when the write region fails.
func TestOneRegion(t *testing.T) {
	server := newAccount(t, standin.Options{SecondRegion: true})
	s := open(t, optionsOf(server))
	row := activeRow("alice")
	must(t, s.Insert(t.Context(), row))
	for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusRequestTimeout} {
		server.Inject(standin.Fault{Kind: standin.Status, Status: status, Op: standin.OpRead, Times: 2})
		wantRow(t, s, row)
		server.Heal()
	}
	server.Inject(standin.Fault{Kind: standin.LoseRequest, Times: -1})
	if _, err := s.Get(t.Context(), row.Key); err == nil {
		t.Error("a read without any answer succeeded")
	}
	for _, r := range server.Requests() {
		if r.Second {
			t.Errorf("a %s went to the second region", r.Op)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://second.example/dbs/x", nil)
	must(t, err)
	if err := s.gate.account.Load().refuses(req); err == nil || !strings.Contains(err.Error(), "may lag") {
		t.Errorf("a request to another region: %v", err)
	}
	req.URL.Scheme = "http"
	if err := (&account{level: strong}).refuses(req); err == nil || !strings.Contains(err.Error(), "in the clear") {
		t.Errorf("a request over http to another machine: %v", err)
	}
}

// TestLoweredLevel: a read of an account whose consistency level was lowered is
// refused by the service at once, before the SDK asks what the account is.
func TestLoweredLevel(t *testing.T) {
	for from, to := range map[string]string{standin.Strong: standin.BoundedStaleness, standin.BoundedStaleness: standin.Session, standin.Session: standin.Eventual} {
		server := newAccount(t, standin.Options{Consistency: from})
		s, _ := replicas(t, server)
		row := activeRow("alice")
		must(t, s.Insert(t.Context(), row))
		wantRow(t, s, row)
		server.SetConsistency(to)
		_, get := s.Get(t.Context(), row.Key)
		_, find := s.Find(t.Context(), row.Identity)
		for name, err := range map[string]error{"get": get, "find": find, "ping": s.Ping(t.Context())} {
			if err == nil || sentinel(err) || !strings.Contains(err.Error(), "400") {
				t.Errorf("from %s to %s: %s: %v", from, to, name, err)
			}
		}
	}
}

// TestAccountChanges: an account that stops keeping the promises is not used any more, and used again when it keeps them.
func TestAccountChanges(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	ask := func() { // as the SDK does every few minutes
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.Endpoint()+"/", nil)
		must(t, err)
		signed(t, server, req)
		resp, err := s.gate.Do(req)
		must(t, err)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("the account answered %d", resp.StatusCode)
		}
	}
	for name, change := range map[string]func(on bool){
		"several write regions": server.SetMultipleWrites,
		"consistency level": func(on bool) {
			server.SetConsistency(map[bool]string{true: standin.Eventual, false: standin.Strong}[on])
		},
	} {
		change(true)
		ask()
		server.Forget()
		if err := s.Insert(t.Context(), pendingRow(name)); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "not done") {
			t.Errorf("an account with %s: %v", name, err)
		}
		if got := ops(server); len(got) != 0 {
			t.Errorf("requests were sent: %q", got)
		}
		change(false)
		ask()
		must(t, s.Insert(t.Context(), pendingRow(name)))
	}
}
