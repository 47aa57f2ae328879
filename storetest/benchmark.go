package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Each is the body of a benchmark: it calls do b.N times in all, with i from 1 to
// b.N, by so many goroutines at once, and reports calls per second.
func Each(b *testing.B, goroutines int, do func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
