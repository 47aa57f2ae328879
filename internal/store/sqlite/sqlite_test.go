package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		path := filepath.Join(t.TempDir(), "acsauth.db")
		return storetest.OneHandle(func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, path) })
	})
}
