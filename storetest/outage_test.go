package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/acs-solutions/acsauth"
)

// gatedOutage is a good store behind a gate. make spoils each handle; inner is the store behind the gate.
func gatedOutage(g *gate, make func(s *tweaked, inner acsauth.Store)) Outage {
	good := NewMemoryDatabase()
	open := func(ctx context.Context) (acsauth.Store, error) {
		if err := g.pass(ctx); err != nil {
			return nil, err
		}
		inner, err := good(ctx)
		if err != nil {
			return nil, err
		}
		s := g.around(inner)
		make(s, inner)
		return s, nil
	}
	return Outage{Open: open, Kill: g.kill, Return: g.back}
}

func nothing(*tweaked, acsauth.Store) {}

// TestOutage runs the suite over a good store whose calls are refused during an outage.
func TestOutage(t *testing.T) {
	RunOutage(t, func(*testing.T) Outage { return gatedOutage(&gate{}, nothing) })
}

// TestOutageOfSilence runs it over one whose calls get no answer, and land later.
func TestOutageOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{hang: true}
		defer g.late.Wait()
		for _, c := range outageChecks() {
			if err := c.run(t.Context(), gatedOutage(g, nothing)); err != nil {
				t.Error(err)
			}
		}
	})
}

// An outageMistake shows only when the database goes away. seen is part of what the check says, or several such, between bars.
type outageMistake struct {
	name, seen string
	make       func(g *gate, s *tweaked, inner acsauth.Store)
}

// TestOutageMistakesAreSeen runs the suite on stores that are wrong in one thing each.
func TestOutageMistakesAreSeen(t *testing.T) {
	for _, m := range slices.Concat(lossMistakes(), halfMistakes(), answerMistakes()) {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			var err error
			for range 10 { // it takes luck to be in the middle of a write
				synctest.Test(t, func(t *testing.T) {
					g := &gate{}
					defer g.late.Wait()
					err = outageUnderWriters(t.Context(), gatedOutage(g, func(s *tweaked, inner acsauth.Store) { m.make(g, s, inner) }))
				})
				if err != nil {
					break
				}
			}
			says := func(part string) bool { return err != nil && strings.Contains(err.Error(), part) }
			if !slices.ContainsFunc(strings.Split(m.seen, "|"), says) {
				t.Fatalf("got %v, want an error that says %q", err, m.seen)
			}
			t.Log(err)
		})
	}
}
