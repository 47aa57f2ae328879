package storebench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A kind is one thing that is measured.
type kind struct {
	name    string
	callers int
	writes  bool
}

// kinds are all of them, in the order of the report.
func kinds() []kind {
	return []kind{
		{"read", 1, false},
		{"read", 16, false},
		{"first bind", 1, true},
		{"first bind", 64, true},
	}
}

// A column is one store during a run.
type column struct {
	Subject
	store acsauth.Store
	rows  int64          // rows 0 to rows-1 are there
	held  map[bool]int64 // how many there were when reads were measured, first and all
	loads []load
	// figures of each row of the report
	rounds map[cell][]Figure
	size   int64 // of the empty store
	bytes  float64
	err    error // ends the measurement of this store
}

// A cell is a kind, measured with so many mappings: first or all.
type cell struct {
	kind kind
	all  bool
}

type load struct {
	rows int64
	took time.Duration
}

func (o *Options) fill() error {
	o.Mappings, o.First, o.Rounds = cmp.Or(o.Mappings, 100_000), cmp.Or(o.First, 10_000), cmp.Or(o.Rounds, 5)
	o.Slice, o.LoadLimit = cmp.Or(o.Slice, time.Second), cmp.Or(o.LoadLimit, 10*time.Minute)
	o.First = min(o.First, o.Mappings)
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	switch {
	case len(o.Subjects) < 1 || len(o.Subjects) > 10:
		return errors.New("there must be 1 to 10 stores")
	case o.Mappings < 1000 || o.Mappings > 10_000_000:
		return errors.New("the number of mappings is not 1000 to 10 million")
	case o.First < 1 || o.Rounds < 1 || o.Rounds > 25:
		return errors.New("the number of rounds is not 1 to 25")
	case o.Slice < 10*time.Millisecond || o.Slice > time.Minute:
		return errors.New("a slice is not 10 ms to 1 minute")
	}
	return nil
}

// Run measures all stores. It fails at once if one cannot be opened or is not
// empty. A store that fails later is left out from there on, and the report says why. The
// report is good for what was measured, whatever the error says.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	var columns []*column
	defer func() {
		for _, c := range columns {
			err = errors.Join(err, c.end(ctx, o))
		}
	}()
	for _, s := range o.Subjects {
		c := &column{Subject: s, rounds: map[cell][]Figure{}, held: map[bool]int64{}}
		c.Loaders = max(1, min(cmp.Or(s.Loaders, loaders), loaders))
		if err := c.open(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		columns = append(columns, c)
	}
	for _, all := range []bool{false, true} {
		if all && o.Mappings == o.First {
			break
		}
		if err := stage(ctx, o, columns, all); err != nil {
			return nil, err
		}
	}
	for _, c := range columns {
		c.weigh(ctx, o)
	}
	return reportOf(o, columns), nil
}

// stage fills all stores and measures them in turns. Reads come first, since binds add mappings.
func stage(ctx context.Context, o Options, columns []*column, all bool) error {
	target := int64(o.First)
	if all {
		target = int64(o.Mappings)
	}
	for _, c := range columns {
		o.Say("%s: filling to %d mappings", c.Name, target)
		c.load(ctx, target, o.LoadLimit)
		c.held[all] = c.rows
	}
	if err := turns(ctx, o, columns, all, false); err != nil || all {
		return err
	}
	return turns(ctx, o, columns, all, true)
}

// turns measures reads, or writes, round after round.
func turns(ctx context.Context, o Options, columns []*column, all, writes bool) error {
	for round := range o.Rounds {
		for _, k := range kinds() {
			if k.writes != writes {
				continue
			}
			for _, c := range columns {
				if err := ctx.Err(); err != nil {
					return err
				}
				o.Say("round %d of %d: %s, callers: %d, %s", round+1, o.Rounds, k.name, k.callers, c.Name)
				c.measure(ctx, cell{k, all}, o.Slice)
			}
		}
	}
	return nil
}

func (c *column) open(ctx context.Context) error {
	store, err := c.Open(ctx)
	if err != nil {
		return err
	}
	err = empty(ctx, store)
	if s, ok := store.(Sizer); err == nil && ok {
		c.size, err = s.Size(ctx)
	}
	if err != nil {
		return errors.Join(err, store.Close())
	}
	c.store = store
	return nil
}

func (c *column) load(ctx context.Context, n int64, limit time.Duration) {
	if c.err != nil || n <= c.rows {
		return
	}
	begin, before := time.Now(), c.rows
	c.rows, c.err = Filling{c.rows, n, limit, c.Loaders}.Run(ctx, c.store)
	c.loads = append(c.loads, load{c.rows - before, time.Since(begin)})
}

// measure takes one slice.
func (c *column) measure(ctx context.Context, at cell, d time.Duration) {
	if c.err != nil {
		return
	}
	there := c.rows
	rngs := make([]*rand.Rand, at.kind.callers)
	for i := range rngs {
		rngs[i] = rand.New(rand.NewPCG(uint64(i), uint64(len(c.rounds[at]))))
	}
	most := int64(maxCalls)
	if at.kind.writes {
		most = maxBinds
	}
	f, err := Slice{at.kind.callers, d, most}.Run(ctx, func(caller int, n int64) error {
		if at.kind.writes {
			return bind(ctx, c.store, there+n)
		}
		_, err := c.store.Get(ctx, active(rngs[caller].Int64N(there)).Key)
		return err
	})
	if at.kind.writes {
		c.rows += f.Calls
	}
	if err != nil {
		c.rows += maxBinds // what may be there, to be cleared
		c.err = err
		return
	}
	c.rounds[at] = append(c.rounds[at], f)
}

// weigh asks for the size. A file is looked at when it is closed, so that all is in it.
func (c *column) weigh(ctx context.Context, o Options) {
	if c.err != nil {
		return
	}
	size := int64(0)
	if s, ok := c.store.(Sizer); ok {
		size, c.err = s.Size(ctx)
	}
	if size > 0 && c.rows > 0 {
		c.bytes = float64(size-c.size) / float64(c.rows)
	}
	o.Say("%s: %d mappings, %.0f bytes each", c.Name, c.rows, c.bytes)
}

// end removes the rows, even if ctx has ended, and closes the store.
func (c *column) end(ctx context.Context, o Options) error {
	if c.store == nil {
		return nil
	}
	var err error
	if !c.Keep && c.rows > 0 {
		o.Say("%s: removing %d mappings", c.Name, c.rows)
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), clearLimit)
		defer stop()
		if err = clear(ctx, c.store, c.rows, c.Loaders); err != nil {
			err = fmt.Errorf("%s: cannot remove what was measured with, the rows of issuer %s: %w", c.Name, Issuer, err)
		}
	}
	return errors.Join(err, c.store.Close())
}
