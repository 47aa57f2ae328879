package moving

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// swallow takes every row and keeps none. Every so often it looks how much memory is held.
type swallow struct {
	acsauth.Store
	rows chan struct{} // guards the rest
	n    int
	peak uint64
}

const heavyRows, lookEvery = 30000, 2500

func (s *swallow) Insert(context.Context, acsauth.Mapping) error {
	s.rows <- struct{}{}
	defer func() { <-s.rows }()
	if s.n++; s.n%lookEvery == 0 {
		s.look()
	}
	return nil
}

func (s *swallow) look() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.peak = max(s.peak, m.HeapAlloc)
}

func (s *swallow) PutLine(context.Context, acsauth.JournalLine) error { return nil }

// looking is a writer that does the same.
type looking struct{ swallow *swallow }

func (l looking) Write(p []byte) (int, error) {
	return len(p), l.swallow.Insert(context.Background(), acsauth.Mapping{})
}

// heavy rows are 4 kB each, so that all of them together would be seen.
func heavy(i int) acsauth.Mapping {
	m := mixed(i)
	m.Key.Subject += strings.Repeat("x", 4000)
	return m
}

// Whatever the number of rows, only a few pages are held.
func TestMemoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mappings.jsonl")
	source := fakeSource{rows: heavyRows, row: heavy, page: pageSize}
	for name, run := range map[string]func(s *swallow) error{
		"copy": func(s *swallow) error {
			_, err := Copy(t.Context(), options(source, s))
			return err
		},
		"export": func(s *swallow) error {
			_, err := Export(t.Context(), Options{Source: source}, looking{s}, "test")
			return err
		},
		"import": func(s *swallow) error {
			few := source
			few.rows /= 4 // 30 MB on disk
			if _, err := ExportFile(t.Context(), Options{Source: few, Pair: "p"}, path, "test"); err != nil {
				return err
			}
			f, err := OpenFile(t.Context(), path)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = Copy(t.Context(), options(f, s))
			return err
		},
	} {
		s := &swallow{rows: make(chan struct{}, 1)}
		s.look()
		base := s.peak
		if err := run(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		const most = 24 << 20
		t.Logf("%s: %d MB above the start", name, (s.peak-base)>>20)
		if s.n < heavyRows/5 || s.peak-base > most {
			t.Errorf("%s: %d rows, %d MB above the start, at most %d MB are fine", name, s.n, (s.peak-base)>>20, most>>20)
		}
	}
}

var _ io.Writer = looking{}
