package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// newDice are the same at each run.
func newDice() *rand.Rand { return rand.New(rand.NewPCG(1, 1<<41)) }

// A sums is what all visits come to.
type sums struct {
	served, returned, untold, mostTries int
	refusals                            map[string]int
	waits                               []time.Duration // of those who were served, sorted
	firstTenth, lastTenth               time.Duration   // median waits of those who came first and last
	busiest                             int             // most who were served within 30 s
	disorder                            float64         // share of pairs in which the later one was served first
}

// sum adds up visits, which are in the order of coming.
func sum(visits []visit) sums {
	s := sums{refusals: map[string]int{}}
	var waits, served []time.Duration // in the order of coming
	for _, v := range visits {
		s.mostTries = max(s.mostTries, v.tries)
		s.returned += max(0, v.tries-1)
		s.untold += v.untold
		for code, n := range v.answers {
			s.refusals[code] += n
		}
		if v.served > 0 {
			s.served++
			waits, served = append(waits, v.served-v.came), append(served, v.served)
		}
	}
	tenth := (len(waits) + 9) / 10
	s.firstTenth, s.lastTenth = middle(waits[:tenth]), middle(waits[len(waits)-tenth:])
	s.waits = slices.Sorted(slices.Values(waits))
	s.disorder, s.busiest = disorder(served), busiest(slices.Sorted(slices.Values(served)))
	return s
}

func middle(d []time.Duration) time.Duration {
	return dev.Quantile(slices.Sorted(slices.Values(d)), 0.5)
}

// disorder is the share of pairs that are the wrong way round, 0 to 1.
func disorder(times []time.Duration) float64 {
	n := float64(len(times))
	if n < 2 {
		return 0
	}
	return float64(inversions(slices.Clone(times), make([]time.Duration, len(times)))) / (n * (n - 1) / 2)
}

// inversions sorts by merging and counts what it turns round.
func inversions(a, spare []time.Duration) (n int64) {
	if len(a) < 2 {
		return 0
	}
	mid := len(a) / 2
	n = inversions(a[:mid], spare[:mid]) + inversions(a[mid:], spare[mid:])
	i, j := 0, mid
	for k := range a {
		if j == len(a) || i < mid && a[i] <= a[j] {
			spare[k] = a[i]
			i++
		} else {
			spare[k] = a[j]
			n += int64(mid - i)
			j++
		}
	}
	copy(a, spare)
	return n
}

// busiest is how many sorted times there are at most in a window of 30 s.
func busiest(sorted []time.Duration) (most int) {
	first := 0
	for i, at := range sorted {
		for at-sorted[first] >= limitWindow {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// rows are those of the table.
func (s sums) rows() [][]string {
	var refused []string
	shed := 0
	for _, code := range slices.Sorted(maps.Keys(s.refusals)) {
		refused = append(refused, fmt.Sprintf("%s x %s", dev.Count(s.refusals[code]), code))
		if strings.HasPrefix(code, "429 ") {
			shed += s.refusals[code]
		}
	}
	if len(refused) == 0 {
		refused = []string{"none"}
	}
	return [][]string{
		{"served", dev.Count(s.served)},
		{"shed (429 of the service)", dev.Count(shed)},
		{"refusals of all kinds", strings.Join(refused, ", ")},
		{"of these without Retry-After", dev.Count(s.untold)},
		{"returns of users", dev.Count(s.returned)},
		{"most tries of one user", dev.Count(s.mostTries)},
		{"wait p50, s", seconds(dev.Quantile(s.waits, 0.5))},
		{"wait p99, s", seconds(dev.Quantile(s.waits, 0.99))},
		{"longest wait, s", seconds(dev.Quantile(s.waits, 1))},
		{"wait p50 of the tenth that came first, s", seconds(s.firstTenth)},
		{"wait p50 of the tenth that came last, s", seconds(s.lastTenth)},
		{"most who were served within 30 s", dev.Count(s.busiest)},
		{"out of order, %", fmt.Sprintf("%.1f", 100*s.disorder)},
	}
}
