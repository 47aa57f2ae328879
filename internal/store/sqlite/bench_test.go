package sqlite

import (
	"fmt"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/storetest"
)

func BenchmarkInsert(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			s, _ := openNew(b)
			storetest.Each(b, goroutines, func(i int) error { return s.Insert(b.Context(), pendingRow(fmt.Sprint(i))) })
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
			storetest.Each(b, goroutines, func(i int) error {
				_, err := s.Get(b.Context(), pendingRow(fmt.Sprint(i%rows)).Key)
				return err
			})
		})
	}
}
