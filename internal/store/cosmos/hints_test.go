package cosmos

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// A hook does something before a request is sent.
type hook struct {
	next   policy.Transporter
	before func(req *http.Request)
}

func (h hook) Do(req *http.Request) (*http.Response, error) {
	h.before(req)
	return h.next.Do(req)
}

// TestLineChangesMeanwhile: a line that changes between its being read and its
// being written, alone or along with its row, keeps what was put last.
func TestLineChangesMeanwhile(t *testing.T) {
	row, next := pendingRow("alice"), pendingRow("alice")
	next.Attempt = "b"
	orphan, later, suspect := orphanOf(row), orphanOf(row), suspectOf(row)
	later.RequestID = "later"
	for name, write := range map[string]func(s *Store) error{
		"with a row": func(s *Store) error { return s.Replace(t.Context(), row, next, &suspect) },
		"alone":      func(s *Store) error { return s.PutLine(t.Context(), suspect) },
	} {
		for _, dropped := range []bool{false, true} {
			server := newAccount(t, standin.Options{})
			o := optionsOf(server)
			other := open(t, o)
			client, idle := newTransport()
			t.Cleanup(idle)
			var once sync.Once
			o.Transport = hook{client, func(req *http.Request) {
				reads := 0
				for _, r := range server.Requests() {
					if r.ID == lineID(row.Attempt) && r.Op == standin.OpRead {
						reads++
					}
				}
				if reads > 0 && req.Method != http.MethodGet {
					once.Do(func() {
						if dropped {
							must(t, other.DropLine(t.Context(), orphan.User, orphan.Attempt))
						} else {
							must(t, other.PutLine(t.Context(), later))
						}
					})
				}
			}}
			s := open(t, o)
			must(t, s.Insert(t.Context(), row))
			must(t, s.PutLine(t.Context(), orphan))
			must(t, write(s))
			orphans, err := s.Lines(t.Context(), acsauth.Orphan, 10)
			must(t, err)
			suspects, err := s.Lines(t.Context(), acsauth.Suspect, 10)
			must(t, err)
			switch {
			case dropped && (len(orphans) != 0 || len(suspects) != 1):
				t.Errorf("%s, dropped: %d orphans, %d suspects", name, len(orphans), len(suspects))
			case !dropped && (len(orphans) != 1 || orphans[0].RequestID != "later" || len(suspects) != 0):
				t.Errorf("%s, put anew: %+v, %d suspects", name, orphans, len(suspects))
			}
		}
	}
}

// TestHints: what a store remembers of a row saves a read and decides nothing.
func TestHints(t *testing.T) {
	server := newAccount(t, standin.Options{})
	a, b := replicas(t, server)
	sent := func(do func() error, want error) []string {
		t.Helper()
		server.Forget()
		if err := do(); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		return ops(server)
	}
	row := pendingRow("alice")
	active := in(acsauth.Active, row)
	must(t, a.Insert(t.Context(), row))
	must(t, b.Replace(t.Context(), row, active, nil)) // what a remembers is old now
	deleting := in(acsauth.Deleting, active)
	if got := sent(func() error { return a.Replace(t.Context(), row, active, nil) }, acsauth.ErrConflict); fmt.Sprint(got) != "[replace read]" {
		t.Errorf("a change of a row that another has changed: %q", got)
	}
	if got := sent(func() error { return a.Replace(t.Context(), active, deleting, nil) }, nil); fmt.Sprint(got) != "[replace]" {
		t.Errorf("a change of a row that was read: %q", got)
	}
	if got := sent(func() error { return a.Replace(t.Context(), active, row, nil) }, acsauth.ErrConflict); fmt.Sprint(got) != "[read]" {
		t.Errorf("a change with a fence that is not the one remembered: %q", got)
	}
	must(t, b.Remove(t.Context(), deleting, nil))
	must(t, b.Insert(t.Context(), deleting)) // the same fence, another row: no entity tag comes back
	if got := sent(func() error { return a.Remove(t.Context(), deleting, nil) }, nil); fmt.Sprint(got) != "[delete read delete]" {
		t.Errorf("a removal of a row that came back: %q", got)
	}
	bob, line := pendingRow("bob"), suspectOf(pendingRow("bob"))
	for name, change := range map[string]func() error{
		"replace": func() error { return a.Replace(t.Context(), bob, in(acsauth.Active, bob), &line) },
		"remove":  func() error { return a.Remove(t.Context(), bob, &line) },
	} {
		must(t, a.Insert(t.Context(), bob))
		other := bob
		other.Attempt = "another"
		must(t, b.Replace(t.Context(), bob, other, nil))
		if got := sent(change, acsauth.ErrConflict); fmt.Sprint(got) != "[batch read]" {
			t.Errorf("%s with a line, of a row that another has changed: %q", name, got)
		}
		wantRow(t, b, other)
		must(t, b.Remove(t.Context(), other, nil))
	}
	if c, err := a.Counts(t.Context()); err != nil || c.Suspects != 0 {
		t.Errorf("%d lines of refused changes, %v", c.Suspects, err)
	}
	for i := range maxHints + 10 {
		a.hints.keep(fmt.Sprint(i), row, "x")
	}
	if n := len(a.hints.kept); n > maxHints {
		t.Errorf("%d rows are remembered", n)
	}
}
