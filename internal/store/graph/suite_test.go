package graph

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/storetest"
)

// TestInsertOnce runs the suite in both modes, with and without reads that lag.
func TestInsertOnce(t *testing.T) {
	for _, world := range []struct {
		name      string
		mode      Mode
		behaviour emulator.GraphBehaviour
	}{
		{"application", Application, emulator.GraphBehaviour{}},
		{"application_lag_409", Application, emulator.GraphBehaviour{ReadLag: 100 * time.Millisecond, DuplicateStatus: 409}},
		{"delegated_lag_400", Delegated, emulator.GraphBehaviour{ReadLag: 150 * time.Millisecond, LagVaries: true}},
	} {
		t.Run(world.name, func(t *testing.T) {
			w := newWorld(t, world.mode)
			cast := &cast{w: w, keys: map[acsauth.UserKey]acsauth.UserKey{}, names: map[acsauth.UserKey]acsauth.UserKey{}}
			storetest.RunInsertOnce(t, func(t *testing.T) storetest.Database {
				w.t = t
				w.reset()
				must(t, w.emu.SetGraph(world.behaviour))
				return func(ctx context.Context) (acsauth.Store, error) {
					s, err := w.handle(ctx, nil)
					if err != nil {
						return nil, err
					}
					return &played{Store: s, cast: cast}, nil
				}
			})
		})
	}
}

// A cast gives each user that the suite makes up a user of the directory.
type cast struct {
	w     *world
	mu    sync.Mutex
	keys  map[acsauth.UserKey]acsauth.UserKey
	names map[acsauth.UserKey]acsauth.UserKey // and back
}

func (c *cast) key(made acsauth.UserKey) acsauth.UserKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, ok := c.keys[made]
	if !ok {
		key = c.w.user(len(c.keys) + 1)
		c.keys[made], c.names[key] = key, made
	}
	return key
}

func (c *cast) made(key acsauth.UserKey) acsauth.UserKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[key]
}

// played is a store whose users are played by others. Each call carries the token of its user.
type played struct {
	*Store
	cast *cast
}

func (p *played) to(m acsauth.Mapping) acsauth.Mapping {
	m.Key = p.cast.key(m.Key)
	return m
}

func (p *played) ctx(ctx context.Context, made acsauth.UserKey) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return p.cast.w.as(ctx, p.cast.key(made))
}

func (p *played) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	row, err := p.Store.Get(p.ctx(ctx, key), p.cast.key(key))
	if err == nil {
		row.Key = p.cast.made(row.Key)
	}
	return row, err
}

func (p *played) Insert(ctx context.Context, m acsauth.Mapping) error {
	return p.Store.Insert(p.ctx(ctx, m.Key), p.to(m))
}

func (p *played) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	return p.Store.Replace(p.ctx(ctx, old.Key), p.to(old), p.to(next), line)
}

func (p *played) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	return p.Store.Remove(p.ctx(ctx, old.Key), p.to(old), line)
}

func (p *played) Unfinished(ctx context.Context, state acsauth.State, over time.Duration, limit int) ([]acsauth.Mapping, error) {
	rows, err := p.Store.Unfinished(ctx, state, over, limit)
	for i := range rows {
		rows[i].Key = p.cast.made(rows[i].Key)
	}
	return rows, err
}
