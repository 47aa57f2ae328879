package graph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestAbsentUser: without the user nothing is done at Graph, and a deletion
// waits, hidden, until the user is back.
func TestAbsentUser(t *testing.T) {
	w := newWorld(t, Delegated)
	alone, ctx := t.Context(), w.as(t.Context(), w.user(1))
	s := w.open(nil)
	s.timing.fresh = 0
	_, err := s.Get(alone, w.user(1))
	wantCode(t, err, acsauth.Unavailable, "user_absent")
	wantCode(t, s.Insert(alone, w.intent(1, "a")), acsauth.Unavailable, "user_absent")
	_, err = s.Get(w.as(alone, w.user(2)), w.user(1)) // somebody else's token is none
	wantCode(t, err, acsauth.Unavailable, "user_absent")
	row := w.active(ctx, s, 1, "one")
	gone := deleting(row)
	gone.Lease = time.Millisecond
	must(t, s.Replace(ctx, row, gone, nil))
	// The sweeper finds it, has deleted the identity at ACS, and cannot end it.
	rows := unfinished(t, s, 1)
	for range 3 {
		wantCode(t, s.Remove(alone, rows[0], nil), acsauth.Unavailable, "user_absent")
	}
	if w.told(EventWaits) == 0 {
		t.Error("nobody was told that the removal waits")
	}
	unfinished(t, s, 0) // and rests
	wantRow(t, s, alone, gone)
	if w.members(row.Key)[DefaultField] != string(row.Identity) {
		t.Error("the extension is not there any more")
	}
	// Back, after a restart.
	again := w.open(nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := again.Get(ctx, row.Key)
			if !errors.Is(err, acsauth.ErrNotFound) && (err != nil || got.State != acsauth.Deleting) {
				t.Errorf("state %s, %v", got.State, err)
			}
		})
	}
	wg.Wait()
	wantNone(t, again, ctx, row.Key)
	if got := w.emu.Counters().Graph["remove"]; got != 1 {
		t.Errorf("%d removals at Graph, want 1", got)
	}
	wantRow(t, again, ctx, w.active(ctx, again, 1, "two"))
}

func unfinished(t *testing.T, s acsauth.Store, want int) []acsauth.Mapping {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		rows, err := s.Unfinished(t.Context(), acsauth.Deleting, 0, 10)
		must(t, err)
		if len(rows) == want {
			return rows
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d rows are unfinished, want %d", len(rows), want)
		}
	}
}

// T-37: many users at once, some of whom give up, on one store and one cache
// of tokens: each reads its own mapping and no other.
func TestNobodyReadsAnother(t *testing.T) {
	w := newWorld(t, Delegated)
	s := w.open(func(o *Options) { o.MaxCached = 5 })
	s.timing.fresh = 0
	const users = 20
	contexts := make([]context.Context, users+1)
	for n := 1; n <= users; n++ {
		contexts[n] = w.as(t.Context(), w.user(n))
		w.active(contexts[n], s, n, fmt.Sprint("user", n))
	}
	var wg sync.WaitGroup
	for worker := range 16 {
		rng := rand.New(rand.NewPCG(uint64(worker), 1))
		wg.Go(func() {
			for range 60 {
				n := 1 + rng.IntN(users)
				ctx, cancel := context.WithCancel(contexts[n])
				if rng.IntN(3) == 0 {
					timer := time.AfterFunc(time.Duration(rng.IntN(3000))*time.Microsecond, cancel)
					defer timer.Stop()
				}
				row, err := s.Get(ctx, w.user(n))
				cut := ctx.Err() != nil
				cancel()
				switch {
				case err == nil && (row.Key != w.user(n) || row.Identity != identity(fmt.Sprint("user", n))):
					t.Errorf("user %d read %s", n, row.Identity)
				case err != nil && (!cut || !errors.Is(err, context.Canceled)):
					t.Errorf("user %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	if got := w.emu.Counters().Entra["token.jwt-bearer"]; got < users || got > users*2 {
		t.Errorf("%d tokens were asked for, for %d users", got, users)
	}
}

// TestUsers lists a tenant, page by page.
func TestUsers(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s := w.open(func(o *Options) { o.Issuer = w.emu.Issuer(); o.Adopt = true })
	list, ok := s.Users()
	if !ok {
		t.Fatal("no list in application mode")
	}
	want := map[acsauth.UserKey]acsauth.Mapping{}
	for n := 1; n <= 25; n++ {
		row := w.active(ctx, s, n, fmt.Sprint("user", n))
		want[row.Key] = row
		switch n % 5 {
		case 0:
			must(t, s.Replace(ctx, row, deleting(row), nil))
			want[row.Key] = deleting(row)
		case 1:
			must(t, s.Replace(ctx, row, deleting(row), nil))
			must(t, s.Remove(ctx, deleting(row), nil))
			delete(want, row.Key)
		case 2:
			w.overwrite(row.Key, map[string]any{DefaultField: string(row.Identity), memberMAC: "forged"})
			delete(want, row.Key)
		case 3:
			w.overwrite(row.Key, map[string]any{DefaultField: string(row.Identity)})
			row.Attempt = adopted
			want[row.Key] = row
		}
	}
	for _, limit := range []int{1, 7, 1000} {
		got := map[acsauth.UserKey]acsauth.Mapping{}
		cursor, pages := "", 0
		for {
			rows, next, err := list.List(ctx, cursor, limit)
			must(t, err)
			if len(rows) > limit {
				t.Fatalf("%d rows in a page of %d", len(rows), limit)
			}
			for _, row := range rows {
				if _, twice := got[row.Key]; twice {
					t.Error("a row was listed twice")
				}
				got[row.Key] = row
			}
			if pages++; next == "" {
				break
			}
			cursor = next
		}
		if len(got) != len(want) {
			t.Errorf("limit %d: %d rows, want %d", limit, len(got), len(want))
		}
		for key, row := range want {
			if !got[key].Fenced(row) {
				t.Errorf("limit %d: got %s in state %s, want %s in state %s", limit, got[key].Identity, got[key].State, row.Identity, row.State)
			}
		}
	}
	for _, cursor := range []string{"x", "graph:", "https://evil.example/"} {
		if _, _, err := list.List(ctx, cursor, 1); err == nil {
			t.Errorf("the cursor %q is taken", cursor)
		}
	}
	if _, ok := newWorld(t, Delegated).open(nil).Users(); ok {
		t.Error("a list in delegated mode")
	}
}

func TestOptions(t *testing.T) {
	w := newWorld(t, Application)
	for name, change := range map[string]func(o *Options){
		"no mode":         func(o *Options) { o.Mode = "" },
		"no client":       func(o *Options) { o.Entra = nil },
		"http":            func(o *Options) { o.BaseURL = "http://graph.example" },
		"http, loopback":  func(o *Options) { o.AllowLoopback = false },
		"a path":          func(o *Options) { o.BaseURL += "/v1.0" },
		"no keys":         func(o *Options) { o.MACKeys = nil },
		"three keys":      func(o *Options) { o.MACKeys = []MACKey{keyOne, keyTwo, {ID: "three", Key: keyOne.Key}} },
		"equal ids":       func(o *Options) { o.MACKeys = []MACKey{keyOne, {ID: "one", Key: keyTwo.Key}} },
		"short key":       func(o *Options) { o.MACKeys = []MACKey{{ID: "a", Key: make([]byte, 31)}} },
		"key id":          func(o *Options) { o.MACKeys = []MACKey{{ID: "a.b", Key: make([]byte, 32)}} },
		"extension":       func(o *Options) { o.Extension = "mapping" },
		"own member":      func(o *Options) { o.Field = memberMAC },
		"no resource":     func(o *Options) { o.Resource = "" },
		"issuer":          func(o *Options) { o.Issuer = "https://login.microsoftonline.com/common/v2.0" },
		"list, delegated": func(o *Options) { o.Mode, o.Issuer = Delegated, w.emu.Issuer() },
	} {
		if s, err := w.handle(t.Context(), change); err == nil {
			t.Errorf("%s is taken", name)
			must(t, s.Close())
		}
	}
	o := w.options()
	if o.Journal = nil; true {
		if _, err := Open(t.Context(), o); err == nil {
			t.Error("no journal is taken")
		}
	}
	must(t, w.open(func(o *Options) { o.Issuer = w.emu.Issuer() }).Ping(t.Context()))
}
