// Package testkit holds what the tests of several packages need.
package testkit

import (
	"flag"
	"runtime/metrics"
	"testing"
)

const (
	free    = 1 << 20 // bytes that any input may cost
	perByte = 512     // and what each byte of a long one may cost beside
	short   = 2 << 10 // an input up to this length gets nothing beside
)

// Bounded runs f, which reads an input of size bytes, and fails if more than 1 MiB is allocated meanwhile, or 512
// bytes for each byte of an input that is longer than 2 KiB. The counter is that of the process.
func Bounded(t testing.TB, size int, f func()) {
	t.Helper()
	before := allocated()
	f()
	most := uint64(free)
	if size > short {
		most += uint64(size) * perByte
	}
	if n := allocated() - before; n > most {
		t.Errorf("an input of %d bytes made %d bytes be allocated, at most %d are allowed", size, n, most)
	}
}

// allocated is how many bytes the process has allocated so far. Small ones are counted late, large ones at once.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// Checks makes the properties of a test be checked n times each instead of the 100 times that rapid has by default,
// unless -rapid.checks says otherwise. It is for tests that do not run beside others.
func Checks(t testing.TB, n string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f == nil {
		t.Fatal("the test does not use rapid")
	}
	if f.Value.String() != f.DefValue {
		return
	}
	if err := flag.Set(f.Name, n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(f.Name, f.DefValue); err != nil {
			t.Error(err)
		}
	})
}
