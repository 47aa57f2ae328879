package acs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLimits(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits = map[string]int{"create": 2} })
	id := f.createOne()
	f.clock.advance(10 * time.Second)
	f.createOne()
	f.clock.advance(500 * time.Millisecond)
	w := f.do("POST", "/identities", "")
	wantRefusal(t, w, 429, "TooManyRequests", "")
	if got := w.Header().Get("Retry-After"); got != "20" {
		t.Errorf("Retry-After %q, want 20", got)
	}
	f.issueOne(id) // another operation is not limited
	f.clock.advance(19500 * time.Millisecond)
	f.createOne()
	want := map[string]int64{"create": 3, "issue": 1, "tokens": 1, "refused": 1, "throttled": 1}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestUnauthenticatedRequestsDoNotCount(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits = map[string]int{"create": 1} })
	r := f.request("POST", "/identities?api-version="+stable, "")
	r.Header.Del("Authorization")
	wantRefusal(t, f.serve(r), 401, "Denied", "")
	f.createOne()
}

func TestServiceLimits(t *testing.T) {
	want := map[string]int{"create": 1000, "createWithToken": 1000, "issue": 1000, "exchange": 500, "delete": 500, "revoke": 500}
	if diff := cmp.Diff(want, ServiceLimits()); diff != "" {
		t.Error(diff)
	}
	f := newFixture(t, func(o *Options) { o.Limits = ServiceLimits() })
	for range 1000 {
		f.createOne()
	}
	wantRefusal(t, f.do("POST", "/identities", ""), 429, "TooManyRequests", "")
}
