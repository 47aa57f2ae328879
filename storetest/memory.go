package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

var (
	errClosed = errors.New("storetest: store is closed")
	errLimit  = errors.New("storetest: limit must be 1 to 1000")
	errState  = errors.New("storetest: state must be Pending or Deleting")
	errKey    = errors.New("storetest: old and next have different keys")
)

// NewMemory returns an empty reference store, which is also a Lister and a Finder. It is durable as long as the
// process lives. Its clock is time.Now, so testing/synctest moves it. It starts
// no goroutine.
func NewMemory() acsauth.Store { return &memory{data: newMemoryData()} }

// NewMemoryDatabase returns an empty database in memory. Its data outlives its
// handles, so closing one and opening another plays the restart of a process.
func NewMemoryDatabase() Database {
	data := newMemoryData()
	return func(context.Context) (acsauth.Store, error) { return &memory{data: data}, nil }
}

// memoryData is what all handles on one database share.
type memoryData struct {
	mu    sync.Mutex
	rows  map[acsauth.UserKey]memoryRow
	lines map[lineKey]memoryLine
	locks map[string]memoryLock
	seq   int // orders lines of the same instant
}

type memoryRow struct {
	acsauth.Mapping
	until time.Time // end of the lease
}

// read returns the row as a caller sees it at now.
func (r memoryRow) read(now time.Time) acsauth.Mapping {
	r.Lease = r.until.Sub(now)
	return r.Mapping
}

type memoryLock struct {
	holder string
	until  time.Time
}

func newMemoryData() *memoryData {
	return &memoryData{
		rows:  map[acsauth.UserKey]memoryRow{},
		lines: map[lineKey]memoryLine{},
		locks: map[string]memoryLock{},
	}
}

// A memory is one handle.
type memory struct {
	data   *memoryData
	closed atomic.Bool
}

// with runs f alone on the data, unless the handle is closed or ctx has ended.
func (m *memory) with(ctx context.Context, f func(d *memoryData) error) error {
	m.data.mu.Lock()
	defer m.data.mu.Unlock()
	if m.closed.Load() {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	return f(m.data)
}

func (d *memoryData) put(m acsauth.Mapping) {
	d.rows[m.Key] = memoryRow{Mapping: m, until: time.Now().Add(m.Lease)}
}

// holds reports whether the row of old.Key has the fence of old.
func (d *memoryData) holds(old acsauth.Mapping) bool {
	row, ok := d.rows[old.Key]
	return ok && row.Fenced(old)
}

func (m *memory) Get(ctx context.Context, key acsauth.UserKey) (found acsauth.Mapping, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		row, ok := d.rows[key]
		if !ok {
			return acsauth.ErrNotFound
		}
		found = row.read(time.Now())
		return nil
	})
	return found, err
}

func (m *memory) Insert(ctx context.Context, row acsauth.Mapping) error {
	return m.with(ctx, func(d *memoryData) error {
		if _, ok := d.rows[row.Key]; ok {
			return acsauth.ErrConflict
		}
		d.put(row)
		return nil
	})
}

func (m *memory) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	return m.with(ctx, func(d *memoryData) error {
		if old.Key != next.Key {
			return errKey
		}
		if !d.holds(old) {
			return acsauth.ErrConflict
		}
		d.put(next)
		d.putLine(line)
		return nil
	})
}

func (m *memory) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	return m.with(ctx, func(d *memoryData) error {
		if !d.holds(old) {
			return acsauth.ErrConflict
		}
		delete(d.rows, old.Key)
		d.putLine(line)
		return nil
	})
}

func (m *memory) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) (found []acsauth.Mapping, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		if limit < 1 || limit > 1000 {
			return errLimit
		}
		if state != acsauth.Pending && state != acsauth.Deleting {
			return errState
		}
		now := time.Now()
		for row := range maps.Values(d.rows) {
			if row.State == state && now.Sub(row.until) >= over {
				found = append(found, row.read(now))
			}
		}
		slices.SortFunc(found, func(a, b acsauth.Mapping) int {
			return cmp.Or(cmp.Compare(a.Lease, b.Lease), cmp.Compare(a.Key.Hash(), b.Key.Hash()))
		})
		found = found[:min(limit, len(found))]
		return nil
	})
	return found, err
}

func (m *memory) Counts(ctx context.Context) (c acsauth.Counts, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		states := map[acsauth.State]*int64{acsauth.Pending: &c.Pending, acsauth.Active: &c.Active, acsauth.Deleting: &c.Deleting}
		for row := range maps.Values(d.rows) {
			if n := states[row.State]; n != nil {
				*n++
			}
		}
		kinds := map[acsauth.JournalKind]*int64{acsauth.Suspect: &c.Suspects, acsauth.Orphan: &c.Orphans, acsauth.Left: &c.Left}
		for line := range maps.Values(d.lines) {
			if n := kinds[line.Kind]; n != nil {
				*n++
			}
		}
		return nil
	})
	return c, err
}

func (m *memory) Lock(ctx context.Context, name, holder string, d time.Duration) (has bool, err error) {
	err = m.with(ctx, func(data *memoryData) error {
		now := time.Now()
		lock := data.locks[name]
		if has = lock.holder == holder || !now.Before(lock.until); has {
			data.locks[name] = memoryLock{holder: holder, until: now.Add(d)}
		}
		return nil
	})
	return has, err
}

func (m *memory) Ping(ctx context.Context) error {
	return m.with(ctx, func(*memoryData) error { return nil })
}

// Close closes this handle; the data stays for other handles.
func (m *memory) Close() error {
	m.closed.Store(true)
	return nil
}
