package acs

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const parallel = 1000

// TestParallelLives takes 1,000 identities through a life at once.
func TestParallelLives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	var wg sync.WaitGroup
	for i := range parallel {
		wg.Go(func() {
			id := f.createOne()
			token := f.issueOne(id)
			if got := f.Introspect(token); got != TokenActive {
				t.Errorf("token is %s", got)
			}
			wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
			if i%2 == 0 {
				wantEmpty(t, f.do("DELETE", pathOf(id), ""))
			}
		})
	}
	wg.Wait()
	want := map[string]int64{"create": parallel, "issue": parallel, "tokens": parallel, "revoke": parallel, "delete": parallel / 2}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
	before := ids(f)
	f.Close()
	after := newFixture(t, withFile(path))
	if diff := cmp.Diff(before, ids(after)); diff != "" {
		t.Error(diff)
	}
	deleted := 0
	for _, i := range after.Identities() {
		if i.Deleted {
			deleted++
		}
	}
	if deleted != parallel/2 {
		t.Errorf("%d deleted after restart", deleted)
	}
}

// TestParallelCustomID creates one customId from many sides at once.
func TestParallelCustomID(t *testing.T) {
	f := newFixture(t, nil)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			read[createReply](t, f.preview("POST", "/identities", `{"customId":"sally","createTokenWithScopes":["chat"]}`), 201)
		})
	}
	wg.Wait()
	want := map[string]int64{"create": 1, "reuse": parallel - 1, "tokens": parallel}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
	if got := f.Identities(); len(got) != 1 || got[0].TokensIssued != parallel {
		t.Errorf("%+v", got)
	}
}

// TestParallelDelete deletes one identity from many sides at once.
func TestParallelDelete(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { wantEmpty(t, f.do("DELETE", pathOf(id), "")) })
	}
	wg.Wait()
	want := map[string]int64{"create": 1, "delete": 1, "repeat": 99}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
}
