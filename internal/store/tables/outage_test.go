package tables

import (
	"context"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

// TestOutages: connections break in mid-flight, and new ones are refused.
func TestOutages(t *testing.T) {
	t.Parallel()
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		o := newTable()
		p := newProxy(t, strings.TrimPrefix(strings.TrimSuffix(o.Endpoint, "/"+o.AccountName), "http://"))
		o.Endpoint = "http://" + p.addr() + "/" + o.AccountName
		return storetest.Outage{
			Open:   func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, o) },
			Kill:   func() error { p.cut(); return nil },
			Return: func() error { p.mend(); return nil },
		}
	})
}

// TestSilence: the service hears everything, and answers and does nothing until it goes on.
func TestSilence(t *testing.T) {
	t.Parallel()
	storetest.RunOutage(t, func(t *testing.T) storetest.Outage {
		o := newTable()
		p := newProxy(t, strings.TrimPrefix(strings.TrimSuffix(o.Endpoint, "/"+o.AccountName), "http://"))
		o.Endpoint = "http://" + p.addr() + "/" + o.AccountName
		return storetest.Outage{
			Open:   func(ctx context.Context) (acsauth.Store, error) { return Open(ctx, o) },
			Kill:   func() error { p.freeze(); return nil },
			Return: func() error { p.thaw(); return nil },
		}
	})
}
