package audit

import (
	"path/filepath"
	"testing"
)

func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		name     string
		noSync   bool
		parallel int
	}{{"fsync/1", false, 0}, {"fsync/64", false, 32}, {"nosync/1", true, 0}, {"nosync/64", true, 32}} {
		b.Run(c.name, func(b *testing.B) {
			l, err := Open(Options{Path: filepath.Join(b.TempDir(), "log"), Keys: testKeys(), NoSync: c.noSync})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			e := sample("benchmark")
			if c.parallel == 0 {
				for b.Loop() {
					if err := l.Record(b.Context(), e); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.SetParallelism(c.parallel)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						if err := l.Record(b.Context(), e); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
