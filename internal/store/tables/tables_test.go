package tables

import (
	"context"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// TestStore: every handle has its own client and connections.
func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Database {
		o := newTable()
		return func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, o) }
	})
}
