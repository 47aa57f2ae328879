package tables

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// Unfinished implements [acsauth.Store].
func (s *Store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if state != acsauth.Pending && state != acsauth.Deleting {
		return nil, fmt.Errorf("tables: unfinished: state %q is neither pending nor deleting", state)
	}
	views, now, err := s.look(ctx, openPartition, aLine, limit)
	if err != nil {
		return nil, fmt.Errorf("tables: unfinished: %w", err)
	}
	var found []acsauth.Mapping
	for _, v := range views {
		if v.row == nil || v.row.State != state {
			continue
		}
		if m := v.row.at(now); m.Lease <= 0 && -m.Lease >= over {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b acsauth.Mapping) int { return cmp.Compare(a.Lease, b.Lease) })
	return found[:min(len(found), limit)], nil
}

// Lines implements [acsauth.Store].
func (s *Store) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	views, _, err := s.look(ctx, homeOf(kind), aRow, limit)
	if err != nil {
		return nil, fmt.Errorf("tables: lines: %w", err)
	}
	var found []acsauth.JournalLine
	for _, v := range views {
		for _, l := range v.lines {
			if l.Kind == kind {
				found = append(found, l)
			}
		}
	}
	slices.SortFunc(found, func(a, b acsauth.JournalLine) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User, b.User), cmp.Compare(a.Attempt, b.Attempt))
	})
	found = found[:min(len(found), limit)]
	for i := range found {
		found[i].Answer = slices.Clone(found[i].Answer) // the view may be kept
	}
	return found, nil
}

// Counts implements [acsauth.Store]. Active rows are not counted.
func (s *Store) Counts(ctx context.Context) (acsauth.Counts, error) {
	var open, left []*view
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) { open, _, err = s.look(ctx, openPartition, anything, 1); return err })
	both.Go(func() (err error) { left, _, err = s.look(ctx, leftPartition, anything, 1); return err })
	if err := both.Wait(); err != nil {
		return acsauth.Counts{}, fmt.Errorf("tables: counts: %w", err)
	}
	c := acsauth.Counts{Active: acsauth.NotCounted, Left: lines(left, acsauth.Left),
		Suspects: lines(open, acsauth.Suspect), Orphans: lines(open, acsauth.Orphan)}
	for _, v := range open {
		switch {
		case v.row == nil:
		case v.row.State == acsauth.Pending:
			c.Pending++
		case v.row.State == acsauth.Deleting:
			c.Deleting++
		}
	}
	return c, nil
}

// lines counts the lines of a kind.
func lines(views []*view, kind acsauth.JournalKind) (n int64) {
	for _, v := range views {
		for _, l := range v.lines {
			if l.Kind == kind {
				n++
			}
		}
	}
	return n
}

// look is a survey within the bounds of a method.
func (s *Store) look(ctx context.Context, index string, unwanted remains, limit int) ([]*view, time.Time, error) {
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, time.Time{}, err
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer done()
	return s.survey(ctx, index, unwanted)
}
