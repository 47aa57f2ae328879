package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

type phase struct {
	name  string
	lasts time.Duration
	next  next // nil: no flood
}

// result is one row of the table.
type result struct {
	phase     string
	took      time.Duration
	flooded   bool
	flood     map[int]int // answers by status; 0: none
	sent      int         // valid requests
	good      int
	latencies []time.Duration // of the valid requests, sorted
	fetches   fetched
	rss       int // MiB
}

// warm lets the valid user in once, so that the identity exists and keys are there.
func warm(ctx context.Context, s *service, valid string) error {
	w, err := dial(ctx, s.host)
	if err != nil {
		return err
	}
	defer w.Close()
	for range 20 {
		status, _, err := w.get([]byte(valid))
		if err != nil || status/100 != 2 {
			return fmt.Errorf("the valid user is not served: %d %v", status, err)
		}
	}
	return nil
}

// run measures one phase.
func (p phase) run(ctx context.Context, s *service, valid string, o options) (result, error) {
	r := result{phase: p.name, flood: map[int]int{}, flooded: p.next != nil}
	before, err := s.fetches(ctx)
	if err != nil {
		return r, err
	}
	floodCtx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	for range o.connections {
		if p.next == nil {
			break
		}
		wg.Go(func() {
			counts := pour(floodCtx, s.host, p.next)
			mu.Lock()
			defer mu.Unlock()
			for status, n := range counts {
				r.flood[status] += n
			}
		})
	}
	r.validUser(ctx, s.host, valid, p.lasts, time.Second/time.Duration(o.rate))
	stop()
	wg.Wait()
	r.took, r.rss = time.Since(begin), s.Memory()
	after, err := s.fetches(ctx)
	r.fetches = fetched{after.metadata - before.metadata, after.keys - before.keys}
	slices.Sort(r.latencies)
	return r, errors.Join(err, ctx.Err())
}

// validUser sends a request at each tick, or as soon as the one before is answered.
func (r *result) validUser(ctx context.Context, host, token string, lasts, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var w *wire
	for end := time.Now().Add(lasts); time.Now().Before(end) && ctx.Err() == nil; <-tick.C {
		r.sent++
		begin := time.Now()
		var err error
		if w == nil {
			if w, err = dial(ctx, host); err != nil {
				w = nil
				continue
			}
		}
		status, last, err := w.get([]byte(token))
		r.latencies = append(r.latencies, time.Since(begin))
		if err == nil && status == 200 {
			r.good++
		}
		if err != nil || last {
			_ = w.Close()
			w = nil
		}
	}
	if w != nil {
		_ = w.Close()
	}
}

// pour sends bad tokens over one connection, as fast as they are answered, and counts the answers.
func pour(ctx context.Context, host string, make next) map[int]int {
	counts := map[int]int{}
	random := dice()
	var token []byte
	var w *wire
	for ctx.Err() == nil {
		var err error
		if w == nil {
			if w, err = dial(ctx, host); err != nil {
				if ctx.Err() == nil {
					counts[0]++
				}
				w = nil
				continue
			}
		}
		token = make(token[:0], random)
		status, last, err := w.get(token)
		if err != nil {
			status = 0
		}
		counts[status]++
		if err != nil || last {
			_ = w.Close()
			w = nil
		}
	}
	if w != nil {
		_ = w.Close()
	}
	return counts
}

// total is how many answers a flood had, and the statuses in order.
func (r result) total() (n int, statuses []int) {
	for _, c := range r.flood {
		n += c
	}
	return n, slices.Sorted(maps.Keys(r.flood))
}

// quantile is the latency that a share q of the valid requests did not exceed.
func (r result) quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	i := int(q*float64(len(r.latencies))+0.999999) - 1
	return r.latencies[max(0, min(i, len(r.latencies)-1))]
}
