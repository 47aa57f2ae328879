package e2e

import (
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/google/uuid"
)

// The sweeper finds many orphans and is killed again and again: in the end all are
// deleted, at most 8 in a second, and users are served meanwhile.
func TestSweeperWithManyOrphans(t *testing.T) {
	t.Parallel() // it waits most of the time
	const rate = 8
	w := newWorld(t, sqlitePlace, 1)
	orphans, kills := scaled(120, 10_000), scaled(3, 20)
	leaveOrphans(t, w, orphans)
	began := time.Now()
	server := w.serve(t)
	for k := range kills {
		due := int64(orphans * (k + 1) / (kills + 2))
		for w.emu.Counters().ACS["delete"] < due {
			if time.Since(began) > 2*time.Duration(orphans/rate)*time.Second+3*time.Minute {
				t.Fatalf("%d of %d orphans are deleted after %v", w.emu.Counters().ACS["delete"], orphans, time.Since(began))
			}
			w.show(server, 0)
			time.Sleep(20 * time.Millisecond)
		}
		server.kill()
		server = w.serve(t)
	}
	server.settled(t, 2*time.Duration(orphans/rate)*time.Second+3*time.Minute)
	took := time.Since(began)
	server.kill()
	b := w.audit(t)
	deleted := w.emu.Counters().ACS["delete"]
	t.Logf("%d orphans deleted in %.1f s, with %d kills; a user waited for at most %.2f s; %+v", deleted, took.Seconds(), kills, w.longest.Seconds(), b)
	if deleted != int64(orphans) || len(w.alive()) != 1 {
		t.Errorf("%d of %d orphans are deleted, %d identities are left", deleted, orphans, len(w.alive()))
	}
	if least := time.Duration(orphans-kills-1) * time.Second / rate; took < least {
		t.Errorf("it took %v, and at most %d deletes in a second make %v", took, rate, least)
	}
}

// leaveOrphans puts identities into the journal that belong to nobody.
func leaveOrphans(t *testing.T, w *world, n int) {
	t.Helper()
	acs, err := acsidentity.NewClientFromConnectionString(w.emu.ConnectionString(), &acsidentity.ClientOptions{InsecureAllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	store, err := w.place.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { mustStop(t, store.Close()) }()
	user := acsauth.UserKey{Issuer: "https://issuer.invalid", Subject: "gone"}.Hash()
	for range n {
		made, err := acs.CreateIdentity(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		line := acsauth.JournalLine{Attempt: uuid.NewString(), Kind: acsauth.Orphan, User: user, Identity: made.Identity, Resource: emulator.ResourceID}
		if err := store.PutLine(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
}
