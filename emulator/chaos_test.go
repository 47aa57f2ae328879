package emulator_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// Whatever replaces the state can run beside requests and beside each other: nothing races, hangs or fails for a reason of its own.
func TestStateChangesBesideRequests(t *testing.T) {
	e := emulator.Start(t, emulator.Options{DataDir: t.TempDir()})
	text, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	keys := emulator.RehearsalOptions{Drop: true}
	work := []func() error{
		func() error { _, err := e.Snapshot(); return err },
		func() error { return e.Restore(text) },
		func() error { e.Reset(); return nil },
		func() error { return e.Advance(time.Hour) },
		func() error { return e.Advance(-time.Hour) },
		func() error { _, err := e.RehearseWith("entra-keys-rolled", keys); return err }, // it writes the state file
		func() error { _, err := e.Rehearse("key-rotated"); return err },
		func() error { e.EndRehearsals(); return nil },
		func() error {
			e.Rehearsals()
			e.Issued()
			e.Mappings()
			e.Users()
			e.Apps()
			return nil
		},
		func() error {
			return e.SetEntra(emulator.EntraObstacle{Code: 50079, Grants: []string{"client_credentials"}, Times: 1})
		},
		func() error { return answered(tokenCall(t, e, url.Values{})) },
		func() error {
			return answered(acsCall(t, e, "POST", "/identities", `{"createTokenWithScopes":["voip"]}`))
		},
		func() error { return answered(graphCall(t, e, "GET", "/me", "")) },
	}
	var wg sync.WaitGroup
	failed := make(chan error, len(work))
	for _, f := range work {
		wg.Go(func() {
			for range 5 {
				if err := f(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("they wait for each other")
	}
	close(failed)
	for err := range failed {
		t.Error(err)
	}
}

// answered fails only where there is no answer of a service.
func answered(a answer) error {
	if a.err == nil && a.status >= http.StatusInternalServerError {
		return errors.New("a request met a failure of the emulator itself")
	}
	return a.err
}
