package storetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Database { return NewMemoryDatabase() })
}

// TestOneHandle runs the kit over a store that counts as allowing one handle only.
func TestOneHandle(t *testing.T) {
	Run(t, func(*testing.T) Database { return OneHandle(NewMemoryDatabase()) })
}

func TestMemoryFollowsFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := NewMemory()
		row := pendingRow("alice", "a")
		row.Lease = 15 * time.Second
		if err := store.Insert(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		got, err := store.Get(t.Context(), row.Key)
		if err != nil || got.Lease != -5*time.Second {
			t.Fatalf("got a lease of %v, %v; want -5s", got.Lease, err)
		}
		rows, err := store.Unfinished(t.Context(), acsauth.Pending, 5*time.Second, 1)
		if err != nil || len(rows) != 1 {
			t.Fatalf("Unfinished: got %d rows, %v; want 1", len(rows), err)
		}
	})
}
