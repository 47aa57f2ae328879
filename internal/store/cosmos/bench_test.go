package cosmos

import (
	"fmt"
	"testing"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
	"github.com/acs-solutions/acsauth/storetest"
)

// The figures are of the client and the stand-in on one machine: they show what the
// store costs this process, and nothing of the service.

// forEach runs a benchmark alone and with many callers.
func forEach(b *testing.B, do func(b *testing.B, goroutines int)) {
	for _, goroutines := range []int{1, 16} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) { do(b, goroutines) })
	}
}

func BenchmarkGet(b *testing.B) {
	const rows = 1000
	s := open(b, optionsOf(newAccount(b, standin.Options{})))
	fill(b, s, rows)
	forEach(b, func(b *testing.B, goroutines int) {
		storetest.Each(b, goroutines, func(i int) error {
			_, err := s.Get(b.Context(), activeRow(fmt.Sprint("user", i%rows)).Key)
			return err
		})
	})
}

// BenchmarkBind is what the first sign-in of a user asks of the store.
func BenchmarkBind(b *testing.B) {
	forEach(b, func(b *testing.B, goroutines int) {
		s := open(b, optionsOf(newAccount(b, standin.Options{})))
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

// BenchmarkSweep is one look of the sweeper at 100 lines.
func BenchmarkSweep(b *testing.B) {
	s := open(b, optionsOf(newAccount(b, standin.Options{})))
	for i := range 100 {
		must(b, s.PutLine(b.Context(), suspectOf(pendingRow(fmt.Sprint(i)))))
	}
	storetest.Each(b, 1, func(int) error { _, err := s.Lines(b.Context(), acsauth.Suspect, 10); return err })
}
