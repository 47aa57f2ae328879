package cosmos

import (
	"context"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
	"github.com/acs-solutions/acsauth/storetest"
)

// fast is a clock of the service that goes four times as fast as that of this
// machine: no promise rests on the latter, and the kit waits less for full seconds.
func fast() func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(4 * time.Since(start)) }
}

// TestStore runs the conformance kit with bounded staleness, the replica of
// the account standing still all the while, short pages, and empty ones between.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		server := newAccount(t, standin.Options{MaxPage: 20, EmptyPages: true, Now: fast()})
		server.SetStale(true)
		return opener(optionsOf(server))
	})
}

// TestStoreSession runs it with session consistency, but for Find, and with
// queries that do not lag: with this consistency the store promises neither.
func TestStoreSession(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		server := newAccount(t, standin.Options{Consistency: standin.Session, Now: fast()})
		o := optionsOf(server)
		o.AllowSession = true
		return func(ctx context.Context) (acsauth.Store, error) {
			s, err := Open(ctx, o)
			return noFinder{s, s}, err
		}
	})
}

// noFinder hides Find.
type noFinder struct {
	acsauth.Store
	acsauth.Lister
}
