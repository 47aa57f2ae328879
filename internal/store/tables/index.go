package tables

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

const (
	// safeAge is the age at which no write that relied on an entry can still be
	// under way. Methods take at most verbLimit.
	safeAge = 10 * time.Minute
	// lateAfter is when a write has taken so long, the process having slept, that its entry is touched again.
	lateAfter = 2 * time.Minute
	// inspectors is how many partitions are read at once.
	inspectors = 16
	// maxExpired is how many entries one call removes.
	maxExpired = 100
)

// touch makes sure that a user has an entry in an index that is as young
// as this call, by a write that changes its ETag. It must be done before
// anything is written that the index must find. has is the ETag of an
// entry that only a row or line relies on that was read, or empty. leaves says
// what the write leaves: a row, a line, or both.
//
// alone is the ETag of the entry if nothing else relies on it, nor any write that may
// still be under way; it is empty if that is not known.
func (s *Store) touch(ctx context.Context, index, user string, has azcore.ETag, leaves remains) (alone azcore.ETag, err error) {
	content, err := entryContent(index, user, leaves)
	if err != nil {
		return "", err
	}
	if has != "" {
		alone, err = s.swap(harmless(ctx), content, has)
	} else {
		alone, err = s.add(harmless(ctx), content)
	}
	if err != nil && refused(err) {
		alone = ""
		if content, err = entryContent(index, user, anything); err == nil {
			_, err = s.put(ctx, content)
		}
	}
	if err != nil {
		return "", fmt.Errorf("the index was not written: %w", err)
	}
	return alone, nil
}

// remains is what an entry may stand for. An entry that is relied on by one
// row or line alone says which; so who looks for the other need not read the partition.
type remains string

const (
	anything remains = ""
	aRow     remains = "row"
	aLine    remains = "line"
)

func entryContent(index, user string, leaves remains) ([]byte, error) {
	return entity(index, user, map[string]any{"Touch": rand.Text(), "Leaves": string(leaves)})
}

// touchLate touches an entry again if the write that relied on it took too long.
func (s *Store) touchLate(index, user string, since time.Time) {
	if time.Since(since) < lateAfter {
		return
	}
	ctx, cancel := context.WithTimeout(s.life, writeTry)
	defer cancel()
	_, err := s.touch(ctx, index, user, "", anything)
	s.log.Warn("a write of the table store took too long; its index entry was written again", "user", user, "error", err)
}

// forget removes the entry of a user behind the back of the caller, if it is
// as it was when only that relied on it which is now gone.
func (s *Store) forget(index, user string, alone azcore.ETag) {
	if alone != "" {
		s.later(func(ctx context.Context) { _ = s.drop(ctx, index, user, alone) }) // if not, it is found later
	}
}

// An entry of the index says that there may be unfinished work in the partition of a user.
type entry struct {
	index   string
	user    string
	touch   string // differs after each touch
	leaves  remains
	touched time.Time
}

// A view is what the partition of a user holds.
type view struct {
	row   *row // nil: none
	lines []acsauth.JournalLine
	odd   bool      // it also holds something that cannot be read
	now   time.Time // of the answer
}

// open reports whether there is an unfinished row.
func (v *view) open() bool { return v.row != nil && unfinished(v.row.Mapping) }

// idle reports whether there is nothing that the index must find.
func (v *view) idle(index string) bool {
	return !v.odd && !(v.open() && index == openPartition) &&
		!slices.ContainsFunc(v.lines, func(l acsauth.JournalLine) bool { return homeOf(l.Kind) == index })
}

// inspect reads the partition of a user. What cannot be read is passed over,
// with an error in the log: it must not keep the sweeper from all others.
func (s *Store) inspect(ctx context.Context, user string) (*view, error) {
	v := &view{}
	now, all, err := s.query(ctx, "PartitionKey eq '"+user+"'", fullPage, func(e aztables.EDMEntity) (bool, error) {
		if err := v.decode(e); err != nil {
			v.odd = true
			s.log.ErrorContext(ctx, "the table store passes over an entity", "partition", e.PartitionKey, "row", e.RowKey, "error", err)
		}
		return true, nil
	})
	if err == nil && !all {
		err = errors.New("a user has too many journal lines")
	}
	v.now = now
	return v, err
}

// entries reads an index.
func (s *Store) entries(ctx context.Context, index string) (found []entry, now time.Time, err error) {
	now, all, err := s.query(ctx, "PartitionKey eq '"+index+"'", fullPage, func(e aztables.EDMEntity) (bool, error) {
		touch, ok := e.Properties["Touch"].(string)
		if !ok || !isHash(e.RowKey) {
			return false, errUnreadable
		}
		leaves, _ := e.Properties["Leaves"].(string)
		found = append(found, entry{index: index, user: e.RowKey, touch: touch, leaves: remains(leaves), touched: time.Time(e.Timestamp)})
		return true, nil
	})
	if err == nil && !all {
		s.log.WarnContext(ctx, "an index is too long; the rest is left out", "index", index, "entries", len(found))
	}
	return found, now, err
}

// survey reads an index and, of each partition that it names, what is there
// now. The moment is that of the last answer. Entries that stand for nothing
// and are old are removed. Entries that stand for the unwanted alone are passed over.
func (s *Store) survey(ctx context.Context, index string, unwanted remains) ([]*view, time.Time, error) {
	entries, now, err := s.entries(ctx, index)
	if err != nil {
		return nil, now, err
	}
	s.settled.prune(index, entries)
	if unwanted != anything {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.leaves == unwanted })
	}
	views := make([]*view, len(entries))
	var expired atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inspectors)
	for i, e := range entries {
		old := now.Sub(e.touched) >= s.safeAge
		if v := s.settled.find(e); v != nil {
			views[i] = v
			continue
		}
		group.Go(func() error {
			v, err := s.inspect(ctx, e.user)
			if err != nil {
				return err
			}
			views[i] = v
			switch {
			case !old:
			case v.idle(index) && expired.Add(1) <= maxExpired:
				s.expire(ctx, e)
			case !v.odd && (index == leftPartition || !v.open()):
				s.settled.keep(e, v)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, now, err
	}
	for _, v := range views {
		if v.now.After(now) {
			now = v.now
		}
	}
	return views, now, nil
}

// expire removes an old entry that stands for nothing. The order counts: first
// the ETag and the age, then the look, then the removal under that ETag.
func (s *Store) expire(ctx context.Context, e entry) {
	r, err := s.get(ctx, e.index, e.user)
	if err != nil || r.now.Sub(time.Time(r.Timestamp)) < s.safeAge {
		return
	}
	v, err := s.inspect(ctx, e.user)
	if err != nil || !v.idle(e.index) {
		return
	}
	_ = s.drop(ctx, e.index, e.user, r.etag) // if not, the next call tries again
}
