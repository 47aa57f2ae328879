package testkit

import (
	"testing"
)

// A fake notes whether a test failed.
type fake struct {
	testing.TB
	failed bool
}

func (f *fake) Helper()               {}
func (f *fake) Errorf(string, ...any) { f.failed = true }

func TestBounded(t *testing.T) {
	var kept []byte
	for _, c := range []struct {
		name    string
		size, n int
		fails   bool
	}{
		{"little", 1, 1 << 10, false},
		{"a short input that costs 2 MiB", 1 << 10, 2 << 20, true},
		{"a long one that costs 2 MiB", 64 << 10, 2 << 20, false},
		{"a long one that costs 64 MiB", 64 << 10, 64 << 20, true},
	} {
		f := &fake{TB: t}
		Bounded(f, c.size, func() { kept = make([]byte, c.n) })
		if f.failed != c.fails || len(kept) != c.n {
			t.Errorf("%s: failed %v", c.name, f.failed)
		}
	}
}
