package acs

import (
	"errors"
	"runtime"
	"testing"
	"time"
)

// mix sends calls in rounds: create, create with a token, issue, revoke,
// delete, and with all a delete of the other one.
func (f *fixture) mix(calls int, all bool) {
	f.t.Helper()
	for n := 0; n < calls; n += 5 {
		id := f.createOne()
		other := read[createReply](f.t, f.do("POST", "/identities", `{"createTokenWithScopes":["chat"]}`), 201).Identity.ID
		f.issueOne(id)
		wantEmpty(f.t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
		wantEmpty(f.t, f.do("DELETE", pathOf(id), ""))
		if all {
			wantEmpty(f.t, f.do("DELETE", pathOf(other), ""))
			n++
		}
	}
}

// TestMemoryIsBounded asserts that what is kept of many calls has a bound.
func TestMemoryIsBounded(t *testing.T) {
	f := newFixture(t, nil)
	f.registry.maxDeleted = 100
	f.behave(Behaviour{RevocationDelay: 1, CustomIDRace: true, Limits: map[string]int{"create": 1 << 19, "issue": 1 << 19}})
	for i := range 2000 {
		f.clock.advance(1)
		id := read[createReply](t, f.do("POST", "/identities", ""), 201).Identity.ID
		f.issueOne(id)
		if i%10 != 0 {
			wantEmpty(t, f.do("DELETE", pathOf(id), ""))
			wantEmpty(t, f.do("DELETE", pathOf(id), ""))
		}
	}
	for what, n := range map[string][2]int{
		"identities": {len(f.registry.records), 200 + 100},
		"deleted":    {len(f.registry.gone), 100},
		"customIds":  {len(f.registry.custom), 0},
		"revoking":   {len(f.registry.late.list), 1},
		"issued":     {len(f.Issued()), maxIssued},
		"windows":    {len(f.limiter.windows), 2},
		"races":      {len(f.race.waiting), 0},
		"counters":   {len(f.Counters()), 5},
	} {
		if n[0] > n[1] {
			t.Errorf("%d %s are kept, want at most %d", n[0], what, n[1])
		}
	}
	// The one deleted longest is forgotten: the service does not know it any more.
	first := f.createOne()
	wantEmpty(t, f.do("DELETE", pathOf(first), ""))
	for range 100 {
		wantEmpty(t, f.do("DELETE", pathOf(f.createOne()), ""))
	}
	wantRefusal(t, f.do("DELETE", pathOf(first), ""), 401, "IdentityNotOwned", "")
}

func TestCustomIDTextIsBounded(t *testing.T) {
	f := newFixture(t, nil)
	f.registry.customText = maxCustomText - 5
	one := read[createReply](t, f.preview("POST", "/identities", `{"customId":"12345"}`), 201).Identity.ID
	wantRefusal(t, f.preview("POST", "/identities", `{"customId":"1"}`), 503, "ServiceUnavailable", "")
	wantEmpty(t, f.preview("DELETE", pathOf(one), ""))
	read[createReply](t, f.preview("POST", "/identities", `{"customId":"1"}`), 201)
}

// BenchmarkMixed reports the heap after b.N mixed calls, with half of the
// identities deleted and with all, and how long a snapshot takes then:
// go test -run='^$' -bench=Mixed -benchtime=1000000x ./emulator/internal/acs
func BenchmarkMixed(b *testing.B) {
	for name, all := range map[string]bool{"half deleted": false, "all deleted": true} {
		b.Run(name, func(b *testing.B) {
			f := newFixture(b, nil)
			if all {
				f.registry.maxDeleted = 10_000
			}
			before := heap()
			f.mix(b.N, all)
			b.StopTimer()
			b.ReportMetric(float64(heap()-before)/(1<<20), "MiB-kept")
			b.ReportMetric(float64(len(f.registry.records)), "identities")
			began := time.Now()
			data, err := f.Snapshot()
			taken := time.Now()
			if err := errors.Join(err, f.Restore(data)); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(taken.Sub(began).Milliseconds()), "snapshot-ms")
			b.ReportMetric(float64(time.Since(taken).Milliseconds()), "restore-ms")
			b.ReportMetric(float64(len(data))/(1<<20), "snapshot-MiB")
		})
	}
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
