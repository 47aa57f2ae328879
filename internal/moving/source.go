package moving

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

// maxLines is the longest list of journal lines that a store gives.
const maxLines = 1000

// ErrNoList is the error of FromStore for a store that cannot list its rows.
var ErrNoList = errors.New("it cannot list its mappings, so they can be neither shown nor moved out of it " +
	"(graph: can with ACSAUTH_GRAPH_MODE=application and one tenant)")

// FromStore makes a store a Source. It does not close the store.
func FromStore(s acsauth.Store) (Source, error) {
	if lister, ok := s.(acsauth.Lister); ok {
		return storeSource{s, lister}, nil
	}
	// Graph can list users only with some settings, and says so.
	if some, ok := s.(interface {
		Users() (acsauth.Lister, bool)
	}); ok {
		if lister, ok := some.Users(); ok {
			return storeSource{s, lister}, nil
		}
	}
	return nil, ErrNoList
}

type storeSource struct {
	store acsauth.Store
	acsauth.Lister
}

// Journal lists the lines of each kind, as many as the contract lets one see.
// Moving takes each page away and so gets to see the next.
func (s storeSource) Journal(ctx context.Context, move bool, each func(acsauth.JournalLine) (carried bool, err error)) (left int64, err error) {
	counts, err := s.store.Counts(ctx)
	if err != nil {
		return 0, err
	}
	for _, k := range []struct {
		kind  acsauth.JournalKind
		total int64
	}{{acsauth.Orphan, counts.Orphans}, {acsauth.Suspect, counts.Suspects}, {acsauth.Left, counts.Left}} {
		seen, err := s.kind(ctx, k.kind, move, each)
		if err != nil {
			return 0, err
		}
		if seen >= maxLines {
			left += max(0, k.total-seen)
		}
	}
	return left, nil
}

// kind lists the lines of one kind and returns how many it saw.
func (s storeSource) kind(ctx context.Context, kind acsauth.JournalKind, move bool, each func(acsauth.JournalLine) (bool, error)) (seen int64, err error) {
	for stay := int64(0); ; { // stay: lines of the page that are not taken away
		lines, err := s.store.Lines(ctx, kind, maxLines)
		if err != nil {
			return 0, err
		}
		dropped := int64(0)
		for _, line := range lines[min(stay, int64(len(lines))):] {
			seen++
			carried, err := each(line)
			if err == nil && carried && move {
				dropped++
				err = s.store.DropLine(ctx, line.User, line.Attempt)
			}
			if err != nil {
				return 0, err
			}
		}
		stay = int64(len(lines)) - dropped
		if len(lines) < maxLines || dropped == 0 {
			return seen, nil
		}
	}
}

// Total counts the rows.
func (s storeSource) Total(ctx context.Context) (int64, error) {
	c, err := s.store.Counts(ctx)
	if err != nil || c.Active == acsauth.NotCounted {
		return acsauth.NotCounted, err
	}
	return c.Active + c.Deleting + c.Pending, nil
}
