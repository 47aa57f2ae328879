package storebench

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// Issuer is that of all rows of a measurement. It has the length of a real one, and a domain that cannot exist.
const Issuer = "https://login.acsauth-bench.invalid/be9c0000-0000-4000-8000-000000000000/v2.0"

// Resource is that of all rows of a measurement.
const Resource = "acsauth-bench.communication.azure.com"

// guid makes up an id, always the same one for i.
func guid(kind string, i int64) string {
	var in [8]byte
	binary.BigEndian.PutUint64(in[:], uint64(i))
	s := sha256.Sum256(append([]byte(kind), in[:]...))
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}

// active is the row number i, with texts as long as those of a real one.
func active(i int64) acsauth.Mapping {
	return acsauth.Mapping{
		Key:        acsauth.UserKey{Issuer: Issuer, Subject: guid("subject", i)},
		State:      acsauth.Active,
		Attempt:    guid("attempt", i),
		Identity:   acsauth.Identity("8:acs:be9c0000-0000-4000-8000-000000000000_" + guid("identity", i)),
		Resource:   Resource,
		Generation: 1,
	}
}

// Key is that of the row number i.
func Key(i int64) acsauth.UserKey { return active(i).Key }

// pending is the intent before it.
func pending(i int64) acsauth.Mapping {
	m := active(i)
	m.State, m.Identity, m.Lease = acsauth.Pending, "", time.Minute
	return m
}

// bind does what the service does for a new user, less the call of ACS.
func bind(ctx context.Context, s acsauth.Store, i int64) error {
	p := pending(i)
	if err := s.Insert(ctx, p); err != nil {
		return err
	}
	return s.Replace(ctx, p, active(i), nil)
}

// A Filling inserts rows up to a number, or until its time is over.
type Filling struct {
	From, To int64 // rows From to To-1 are inserted
	Limit    time.Duration
	Loaders  int // rows that are written at a time, 1 to 256
}

// Run returns how many rows there are then.
func (f Filling) Run(ctx context.Context, s acsauth.Store) (int64, error) {
	end := time.Now().Add(f.Limit)
	var next atomic.Int64
	next.Store(f.From)
	g, ctx := errgroup.WithContext(ctx)
	for range f.Loaders {
		g.Go(func() error {
			for time.Now().Before(end) {
				i := next.Add(1) - 1
				if i >= f.To {
					return nil
				}
				if err := insert(ctx, s, active(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return min(next.Load(), f.To), err
}

// insert repeats a write whose outcome is not known: a busy database may break one off.
func insert(ctx context.Context, s acsauth.Store, m acsauth.Mapping) error {
	const tries = 5
	for try := 1; ; try++ {
		err := s.Insert(ctx, m)
		if err == nil || try > 1 && errors.Is(err, acsauth.ErrConflict) {
			return nil
		}
		if errors.Is(err, acsauth.ErrConflict) || ctx.Err() != nil || try == tries {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// clear removes the rows 0 to n-1, whatever their state.
func clear(ctx context.Context, s acsauth.Store, n int64, callers int) error {
	var next atomic.Int64
	var g errgroup.Group
	for range callers {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
				if err := remove(ctx, s, active(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func remove(ctx context.Context, s acsauth.Store, m acsauth.Mapping) error {
	var err error
	for range 3 {
		if err = s.Remove(ctx, m, nil); err == nil {
			return nil
		}
		var got acsauth.Mapping
		if got, err = s.Get(ctx, m.Key); errors.Is(err, acsauth.ErrNotFound) {
			return nil
		} else if err == nil {
			m = got // an intent
		}
	}
	return err
}

// empty fails unless a store holds nothing at all.
func empty(ctx context.Context, s acsauth.Store) error {
	c, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	if c.Active == acsauth.NotCounted {
		lister, ok := s.(acsauth.Lister)
		if !ok {
			return errors.New("it cannot tell whether it is empty, and only an empty one is measured")
		}
		rows, next, err := lister.List(ctx, "", 1)
		if err != nil {
			return err
		}
		c.Active = int64(len(rows))
		if next != "" {
			c.Active = 1
		}
	}
	if c != (acsauth.Counts{}) {
		return ErrNotEmpty
	}
	return nil
}

// ErrNotEmpty is wrapped by the error of a run with a store that holds something.
var ErrNotEmpty = errors.New("it holds mappings or journal lines, and only an empty store is measured; name a new database")
