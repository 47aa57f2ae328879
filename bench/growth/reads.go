package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/storebench"
)

// A full store has as many mappings as it should.
type full struct {
	store    acsauth.Store
	mappings int
	rounds   []storebench.Figure
}

// reads measures reads of random keys in SQLite with few and with many mappings.
func (b *bench) reads(ctx context.Context) (err error) {
	var stores []*full
	defer func() {
		for _, f := range stores {
			err = errors.Join(err, f.store.Close())
		}
	}()
	for _, n := range b.mappings {
		path, err := b.filled(ctx, n)
		if err != nil {
			return err
		}
		s, err := sqlite.Open(ctx, path)
		if err != nil {
			return err
		}
		stores = append(stores, &full{store: s, mappings: n})
	}
	for round := range b.rounds + 1 { // the first one warms
		for _, f := range stores {
			figure, err := f.read(ctx, uint64(round), b.slice)
			if err != nil {
				return err
			}
			if round > 0 {
				f.rounds = append(f.rounds, figure)
			}
		}
	}
	rows := [][]string{{"mappings", "reads/s", "p50 ms", "p99 ms", "p50 compared", "p99 compared"}}
	first := storebench.Median(stores[0].rounds)
	for _, f := range stores {
		m := storebench.Median(f.rounds)
		rows = append(rows, []string{dev.Count(f.mappings), dev.Count(m.Rate), dev.Millis(m.Median), dev.Millis(m.P99),
			dev.Ratio(float64(m.Median), float64(first.Median)), dev.Ratio(float64(m.P99), float64(first.P99))})
	}
	return dev.WriteTable(b.out, "Reads of a store that grows", rows, fmt.Sprintf("SQLite, one caller, keys at random over all mappings. Medians of %d rounds of %v in which the stores took turns.", b.rounds, b.slice))
}

func (f *full) read(ctx context.Context, seed uint64, length time.Duration) (storebench.Figure, error) {
	dice := rand.New(rand.NewPCG(seed, uint64(f.mappings)))
	const most = 1_000_000 // bounds the list of times
	return storebench.Slice{Callers: 1, Length: length, Most: most}.Run(ctx, func(int, int64) error {
		_, err := f.store.Get(ctx, storebench.Key(dice.Int64N(int64(f.mappings))))
		return err
	})
}

// filled returns the path of a SQLite file with n mappings, which is made once.
func (b *bench) filled(ctx context.Context, n int) (path string, err error) {
	path = strings.TrimPrefix(b.file(fmt.Sprint("filled-", n)), "sqlite:")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	b.say("filling a store with %d mappings", n)
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rows, err := storebench.Filling{To: int64(n), Limit: time.Hour, Loaders: 256}.Run(ctx, s)
	if err == nil && rows < int64(n) {
		err = fmt.Errorf("%d of %d mappings were written in an hour", rows, n)
	}
	return path, err
}
