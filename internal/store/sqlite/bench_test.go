package sqlite

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// each runs do b.N times, by so many goroutines.
func each(b *testing.B, goroutines int, do func(i int) error) {
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

func BenchmarkInsert(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			s, _ := openNew(b)
			each(b, goroutines, func(i int) error { return s.Insert(b.Context(), pendingRow(fmt.Sprint(i))) })
		})
	}
}

func BenchmarkGet(b *testing.B) {
	const rows = 10000
	s, _ := openNew(b)
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for i := worker; i < rows; i += 64 {
				if err := s.Insert(b.Context(), activeRow(fmt.Sprint(i))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			each(b, goroutines, func(i int) error {
				_, err := s.Get(b.Context(), pendingRow(fmt.Sprint(i%rows)).Key)
				return err
			})
		})
	}
}
