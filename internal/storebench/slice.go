package storebench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Figure is the outcome of a slice, or the median of several.
type Figure struct {
	Calls  int64
	Rate   float64       // calls per second, of all callers
	Median time.Duration // of one call
	P99    time.Duration
}

// A slice is so many callers that call for a time, or so many times.
type slice struct {
	callers int
	length  time.Duration
	most    int64
}

// run calls do, which gets numbers that count from zero; none is left out.
func (s slice) run(ctx context.Context, do func(caller int, n int64) error) (Figure, error) {
	var next atomic.Int64
	all := make([][]time.Duration, s.callers)
	errs := make([]error, s.callers)
	begin := time.Now()
	end := begin.Add(s.length)
	var wg sync.WaitGroup
	for caller := range s.callers {
		wg.Go(func() {
			for last := time.Now(); last.Before(end); {
				n := next.Add(1) - 1
				if n >= s.most || ctx.Err() != nil {
					return
				}
				if errs[caller] = do(caller, n); errs[caller] != nil {
					return
				}
				now := time.Now()
				all[caller] = append(all[caller], now.Sub(last))
				last = now
			}
		})
	}
	wg.Wait()
	passed := time.Since(begin)
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return Figure{}, err
	}
	took := slices.Concat(all...)
	slices.Sort(took)
	n := len(took) // at least one: the first call is made in any case
	return Figure{int64(n), float64(n) / passed.Seconds(), took[n/2], took[n*99/100]}, nil
}

// median takes the middle of each member.
func median(rounds []Figure) Figure {
	var f Figure
	for _, r := range rounds {
		f.Calls += r.Calls
	}
	mid := len(rounds) / 2
	f.Rate = sorted(rounds, func(r Figure) float64 { return r.Rate })[mid]
	f.Median = sorted(rounds, func(r Figure) time.Duration { return r.Median })[mid]
	f.P99 = sorted(rounds, func(r Figure) time.Duration { return r.P99 })[mid]
	return f
}

func sorted[T float64 | time.Duration](rounds []Figure, member func(Figure) T) []T {
	var out []T
	for _, r := range rounds {
		out = append(out, member(r))
	}
	slices.Sort(out)
	return out
}
