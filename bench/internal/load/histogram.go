package load

import (
	"math/bits"
	"time"
)

const (
	stepBits = 7  // 128 steps for each power of two: a value is off by less than 1 %
	maxBits  = 36 // 2^36 ns are 68 s
	steps    = 1 << stepBits
	buckets  = (maxBits - stepBits + 1) * steps
)

// A Histogram counts durations in buckets whose width grows with their value, so that each is
// off by less than 1 %. Those of 68 s and more count as the last bucket. The zero value is empty.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
	max    time.Duration
}

// Add counts one duration; a negative one counts as 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(d)]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds all that o counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// Count is how many durations were counted.
func (h *Histogram) Count() uint64 { return h.n }

// Quantile is the duration that a share q (0 to 1) of those counted did not exceed:
// the upper end of its bucket, but never more than the longest one. 0 if none was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(min(max(q, 0), 1) * float64(h.n))
	if float64(rank) < q*float64(h.n) || rank == 0 {
		rank++
	}
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

// bucket is the index of the bucket of a duration: each step up to 2*steps ns has its own.
func bucket(d time.Duration) int {
	v := min(uint64(d), 1<<maxBits-1)
	shift := max(bits.Len64(v)-stepBits-1, 0)
	return shift*steps + int(v>>shift)
}

// upper is the longest duration of a bucket.
func upper(i int) time.Duration {
	shift := max(i/steps-1, 0)
	return time.Duration((uint64(i-shift*steps)+1)<<shift - 1)
}
