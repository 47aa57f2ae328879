package cosmos

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Unfinished implements [acsauth.Store]. It reads all rows of the state.
func (s *Store) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	if state != acsauth.Pending && state != acsauth.Deleting {
		return nil, fmt.Errorf("cosmos: unfinished: state %q is neither pending nor deleting", state)
	}
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, fmt.Errorf("cosmos: unfinished: %w", err)
	}
	first := firsts[ending]{limit: limit, compare: func(a, b ending) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.key, b.key))
	}}
	q := query{text: "SELECT * FROM c WHERE c.state = @state", parameters: map[string]any{"@state": string(state)}}
	err := s.do(ctx, "unfinished", func(ctx context.Context) error {
		return s.each(ctx, q, func(i *item, now time.Time) error {
			m, err := i.mapping(now)
			if err == nil && m.Lease <= -max(over, 0) && m.State == state {
				first.add(ending{now.Add(m.Lease), i.Key, m})
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	var rows []acsauth.Mapping
	for _, e := range first.done() {
		rows = append(rows, e.row)
	}
	return rows, nil
}

// An ending is a row and when its lease ended. Pages are read at different moments.
type ending struct {
	at  time.Time
	key string
	row acsauth.Mapping
}

// Counts implements [acsauth.Store]. It reads two properties of each row that is not
// active and of each line. Active rows are not counted.
func (s *Store) Counts(ctx context.Context) (acsauth.Counts, error) {
	c := acsauth.Counts{Active: acsauth.NotCounted}
	counters := map[string]*int64{
		string(acsauth.Pending): &c.Pending, string(acsauth.Deleting): &c.Deleting,
		string(acsauth.Suspect): &c.Suspects, string(acsauth.Orphan): &c.Orphans, string(acsauth.Left): &c.Left,
	}
	q := query{text: "SELECT c.kind, c.state, c._ts FROM c WHERE c.kind IN ('suspect', 'orphan', 'left') OR c.state IN ('pending', 'deleting')"}
	err := s.do(ctx, "counts", func(ctx context.Context) error {
		return s.each(ctx, q, func(i *item, _ time.Time) error {
			n := counters[cmp.Or(i.State, i.Kind)]
			if n == nil {
				return errUnreadable
			}
			*n++
			return nil
		})
	})
	if err != nil {
		return acsauth.Counts{}, err
	}
	return c, nil
}
