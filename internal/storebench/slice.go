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

// A Slice is so many callers that call for a time, or so many times.
type Slice struct {
	Callers int           // at once, at least 1
	Length  time.Duration // no call begins later
	Most    int64         // calls of all callers, at least 1
}

// Run calls do, which gets the number of its caller and numbers that count from zero; none is left out. The first error ends its caller, and Run returns it.
func (s Slice) Run(ctx context.Context, do func(caller int, n int64) error) (Figure, error) {
	var next atomic.Int64
	all := make([][]time.Duration, s.Callers)
	errs := make([]error, s.Callers)
	begin := time.Now()
	end := begin.Add(s.Length)
	var wg sync.WaitGroup
	for caller := range s.Callers {
		wg.Go(func() {
			for last := time.Now(); last.Before(end); {
				n := next.Add(1) - 1
				if n >= s.Most || ctx.Err() != nil {
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

// Median takes the middle of each member, and the sum of the calls. There must be a round.
func Median(rounds []Figure) Figure {
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
