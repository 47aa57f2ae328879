package tables

import (
	"fmt"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

func forEach(b *testing.B, do func(b *testing.B, goroutines int)) {
	for _, goroutines := range []int{1, 16} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) { do(b, goroutines) })
	}
}

func BenchmarkGet(b *testing.B) {
	const rows = 200
	s := open(b, newTable())
	for i := range rows {
		must(b, s.Insert(b.Context(), activeRow(fmt.Sprint(i))))
	}
	forEach(b, func(b *testing.B, goroutines int) {
		storetest.Each(b, goroutines, func(i int) error {
			_, err := s.Get(b.Context(), pendingRow(fmt.Sprint(i%rows)).Key)
			return err
		})
	})
}

func BenchmarkInsert(b *testing.B) {
	forEach(b, func(b *testing.B, goroutines int) {
		s := open(b, newTable())
		storetest.Each(b, goroutines, func(i int) error { return s.Insert(b.Context(), pendingRow(fmt.Sprint(i))) })
	})
}

// BenchmarkBind is what the first sign-in of a user asks of the store.
func BenchmarkBind(b *testing.B) {
	forEach(b, func(b *testing.B, goroutines int) {
		s := open(b, newTable())
		storetest.Each(b, goroutines, func(i int) error {
			row := pendingRow(fmt.Sprint(i))
			if _, err := s.Get(b.Context(), row.Key); err != acsauth.ErrNotFound {
				return fmt.Errorf("get: %w", err)
			}
			if err := s.Insert(b.Context(), row); err != nil {
				return err
			}
			return s.Replace(b.Context(), row, in(acsauth.Active, row), nil)
		})
	})
}

// BenchmarkSweep is one look of the sweeper at 100 lines and no other work.
func BenchmarkSweep(b *testing.B) {
	for _, settled := range []bool{false, true} {
		b.Run(fmt.Sprint("settled=", settled), func(b *testing.B) {
			s := open(b, newTable())
			if settled {
				s.safeAge = 0
			}
			for i := range 100 {
				must(b, s.PutLine(b.Context(), suspectOf(pendingRow(fmt.Sprint(i)))))
			}
			storetest.Each(b, 1, func(int) error { _, err := s.Lines(b.Context(), acsauth.Suspect, 10); return err })
		})
	}
}
