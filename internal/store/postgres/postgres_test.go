package postgres

import (
	"context"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/storetest"
)

// opener opens handles on a database. Each has a pool of its own, as each replica has.
func opener(dsn string) storetest.Database {
	return func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, Options{DSN: dsn}) }
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database { return opener(fresh(t)) })
}

// TestStoreOutage kills the server with kill -9.
func TestStoreOutage(t *testing.T) {
	p := private(t, parts.PostgresOptions{Durable: true})
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		return storetest.Outage{
			Open:   opener(freshOn(t, p)),
			Kill:   p.Kill,
			Return: func() error { return p.Restart(context.Background()) },
		}
	})
}
